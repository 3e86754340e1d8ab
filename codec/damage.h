/*
 * Exact damage of a tile: which of its rows and columns have a pixel that differs from what the client has, X ignored.
 * The rectangle between the first and the last of them is the smallest that holds every change.
 */
#pragma once

#include "base/rect.h"
#include "codec/image.h"
#include "codec/tile.h"

struct kg_dsp;

/* A bit for each row and column of a tile in which a pixel differs, from bit 0 at the top and at the left. */
struct kg_damage {
	uint64_t rows, columns;	// both are 0 or none is
};

/*
 * Takes a snapshot of image, at most KG_TILE pixels wide and high, into the rows at mirror (mirror_stride bytes apart), the
 * X bytes as 0xff, and tells what differed. image may change meanwhile: each of its pixels is read once, and what is told
 * is what was stored. A mirror that has the pixels is not written. Returns false when nothing differed.
 */
bool kg_damage_update(const struct kg_dsp *dsp, const struct kg_image *image, uint8_t *mirror, size_t mirror_stride,
		      struct kg_damage *ret);

/* The same without touching the mirror. While image changes it is only a guess. */
bool kg_damage_compare(const struct kg_dsp *dsp, const struct kg_image *image, const uint8_t *mirror,
		       size_t mirror_stride, struct kg_damage *ret);

static inline struct kg_rect kg_damage_rect(struct kg_damage damage)
{
	if (!damage.rows || !damage.columns)
		return (struct kg_rect){ 0 };
	return (struct kg_rect){ __builtin_ctzll(damage.columns), __builtin_ctzll(damage.rows),
				 64 - __builtin_clzll(damage.columns), 64 - __builtin_clzll(damage.rows) };
}
