/*
 * A decoder for tests, written from [MS-RDPEGFX] 2.2.4.1 and 3.3.8.1, that takes nothing which the specification does
 * not allow, and no message that leaves a pixel of its rectangle undrawn.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clear_strict;

struct clear_strict *clear_strict_new(void);
void clear_strict_free(struct clear_strict *decoder);

/* Decodes a message into width x height pixels (0xffRRGGBB), stride pixels from row to row. NULL, or what is wrong. */
const char *clear_strict_decode(struct clear_strict *decoder, const uint8_t *from, size_t size, uint32_t width,
				uint32_t height, uint32_t *pixels, size_t stride);

/* What the messages so far had in them. */
struct clear_strict_counts {
	uint64_t messages, residual_runs, bands, bar_hits, short_hits, misses, rlex, raw, glyph_hits, glyphs, resets;
};
const struct clear_strict_counts *clear_strict_counts(const struct clear_strict *decoder);
