/*
 * The inner functions of codec/, as a table that is filled once and passed to whoever needs it. Each has a C twin, in
 * dsp.c, that defines its result; the variants in codec/x86/ give the same bytes.
 * Pixels are B, G, R, X; strides are in bytes; width and height are pixels and at least 1. Nothing needs to be aligned.
 */
#pragma once

#include "base/base.h"
#include "codec/cpu.h"
#include "codec/rfx.h"		// the inner functions of RemoteFX are described there

/* Snapshot of a rectangle with comparison, see kg_tile_update(). */
#define KG_TILE_UPDATE_FN(name)                                                                                        \
	bool name(const uint8_t *from, size_t stride, uint8_t *mirror, size_t mirror_stride, uint32_t width,           \
		  uint32_t height)

/* True when all pixels of the rectangle are equal, X ignored. */
#define KG_TILE_FLAT_FN(name) bool name(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height)

/* Splits a row into its colours, planes[0] to [2]: red, green, blue, as they follow each other on the wire. */
#define KG_PLANAR_SPLIT_FN(name) void name(const uint8_t *row, uint32_t width, uint8_t *const planes[3])

/*
 * The values that planar codes for a row, by plane as above: the colours themselves where above is NULL (the first row),
 * else the difference to the row above, folded so that its sign is bit 0 ([MS-RDPEGDI] 3.1.9.2.1). Each plane has room
 * for width rounded up to a multiple of 64; what lies beyond width becomes undefined.
 * same[plane]: a bit per pixel, from bit 0 of word 0, set where the value equals the one before it in the row (the one
 * before the first is 0); bits beyond width are 0.
 */
#define KG_PLANAR_DELTA_FN(name)                                                                                       \
	void name(const uint8_t *row, const uint8_t *above, uint32_t width, uint8_t *const planes[3],                  \
		  uint64_t *const same[3])

struct kg_dsp {
	KG_TILE_UPDATE_FN((*tile_update));
	KG_TILE_FLAT_FN((*tile_flat));
	KG_PLANAR_SPLIT_FN((*planar_split));
	KG_PLANAR_DELTA_FN((*planar_delta));
	KG_RFX_LISTS_FN((*rfx_lists[KG_RFX_WAVELETS]));
	KG_RFX_VALUES_FN((*rfx_values[KG_RFX_WAVELETS]));
	KG_RFX_RLGR_FN((*rfx_rlgr[KG_RFX_CODERS]));
};

void kg_dsp_init(struct kg_dsp *dsp, enum kg_cpu cpu);
