/*
 * The inner functions of codec/, as a table that is filled once and passed to whoever needs it. Each has a C twin, in
 * dsp.c, that defines its result; the variants in codec/x86/ give the same bytes.
 */
#pragma once

#include "base/base.h"
#include "codec/cpu.h"

/* Snapshot of a rectangle with comparison, see kg_tile_update(). Pixels are B, G, R, X; strides are in bytes. */
#define KG_TILE_UPDATE_FN(name)                                                                                        \
	bool name(const uint8_t *from, size_t stride, uint8_t *mirror, size_t mirror_stride, uint32_t width,           \
		  uint32_t height)

/* True when all pixels of the rectangle are equal, X ignored. width, height > 0. */
#define KG_TILE_FLAT_FN(name) bool name(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height)

struct kg_dsp {
	KG_TILE_UPDATE_FN((*tile_update));
	KG_TILE_FLAT_FN((*tile_flat));
};

void kg_dsp_init(struct kg_dsp *dsp, enum kg_cpu cpu);
