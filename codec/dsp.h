/*
 * The inner functions of codec/, as a table that is filled once and passed to whoever needs it. Each has a C twin, in
 * NAME_c.c, that defines its result; the variants in codec/x86/ and codec/arm/ give the same bytes.
 * Pixels are B, G, R, X; strides are in bytes; width and height are pixels and at least 1. Nothing needs to be aligned.
 */
#pragma once

#include "base/base.h"
#include "codec/clear.h"
#include "codec/cpu.h"
#include "codec/upgrade.h"	// the inner functions of RemoteFX are described there and in codec/rfx.h

struct kg_damage;
struct kg_texture;

/* Snapshot of a tile with comparison, see kg_damage_update(). At most 64 pixels wide and high, like all that says tile. */
#define KG_TILE_UPDATE_FN(name)                                                                                        \
	void name(const uint8_t *from, size_t stride, uint8_t *mirror, size_t mirror_stride, uint32_t width,           \
		  uint32_t height, struct kg_damage *damage)

/* The comparison alone. */
#define KG_TILE_COMPARE_FN(name)                                                                                       \
	void name(const uint8_t *from, size_t stride, const uint8_t *mirror, size_t mirror_stride, uint32_t width,     \
		  uint32_t height, struct kg_damage *damage)

/*
 * The first stage of a tile's hash, see codec/hash.h. A row is padded with zeros to 64 pixels p, and becomes 48 words: the
 * colours of p[i], p[16 + i] and p[32 + i], with blue, green and red of p[48 + i] in place of X. Part p is the rows from
 * 8 p on, the last part has in row i the exclusive or of all rows y with y % 8 = i; rows that the tile does not have are 0.
 * Word i of row y of part p meets key word KG_HASH_PART_KEY p + 48 y + i + 16 round. A(p, round) adds up, modulo 2^32, the
 * products of the lower halves and of the upper halves of words and their keys, as signed numbers of 16 bits.
 * sums[round] is the sum of A(p, round) over the parts p, sums[4 + round] that of (9 - p) A(p, round).
 */
#define KG_TILE_HASH_FN(name)                                                                                          \
	void name(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height, const uint32_t *key,          \
		  uint64_t sums[8])

/*
 * Counts for kg_classify(). Looked at are rows 1, 5, 9 and so on, but for their first pixels. fresh: those that equal neither the
 * pixel on their left nor the one above. strong: the fresh ones of which blue, green or red differs by 32 or more from
 * the pixel on their left. X is ignored.
 */
#define KG_TILE_TEXTURE_FN(name)                                                                                       \
	void name(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height, struct kg_texture *texture)

/*
 * Anchors of motion, see codec/motion-anchors.h: a bit for each of count (at most 64) pixels whose colours differ from those
 * of the next one, and where a hash of the pixel and the 7 behind it has no bit of mask. The hash of p[0] to p[7] is the sum
 * of p[i] << i, shifted left by 8, which drops all that comes from X, times KG_ANCHOR_FACTOR, modulo 2^32. row has count + 7
 * pixels.
 */
#define KG_ANCHOR_FACTOR 0x9e3779b1u
#define KG_ROW_ANCHORS_FN(name) uint64_t name(const uint8_t *row, uint32_t count, uint32_t mask)

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

/* changes: a bit per pixel, from bit 0 of word 0, set where it differs from the one before it in the row (X ignored); 0 for
 * the first pixel and beyond width. */
#define KG_CLEAR_CHANGES_FN(name) void name(const uint8_t *row, uint32_t width, uint64_t *changes)

/*
 * Hashes of columns, from top to bottom: a is the sum of (pixel y + key y) * (pixel y+1 + key y+1) over even y, modulo 2^64,
 * with pixels without X and sums modulo 2^32; the pixel below the last is 0. b is the same with the key from word 2.
 * height is at most KG_CLEAR_BAND_MAX.
 */
#define KG_CLEAR_COLUMNS_FN(name)                                                                                      \
	void name(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height, const uint32_t *key,          \
		  struct kg_clear_hash *to)

/*
 * Writes a row of at most 64 values as segments (3.1.9.2.3) and returns their end. same: as above. values has
 * room for 64 + KG_PLANAR_SLACK bytes. Up to KG_PLANAR_SLACK bytes beyond the end that is returned may be overwritten.
 */
#define KG_PLANAR_SLACK 64
#define KG_PLANAR_ROW_FN(name) uint8_t *name(uint8_t *to, const uint8_t *values, uint64_t same, uint32_t width)

struct kg_dsp {
	KG_TILE_UPDATE_FN((*tile_update));
	KG_TILE_COMPARE_FN((*tile_compare));
	KG_TILE_HASH_FN((*tile_hash));
	KG_TILE_TEXTURE_FN((*tile_texture));
	KG_ROW_ANCHORS_FN((*row_anchors));
	KG_TILE_FLAT_FN((*tile_flat));
	KG_PLANAR_SPLIT_FN((*planar_split));
	KG_PLANAR_DELTA_FN((*planar_delta));
	KG_PLANAR_ROW_FN((*planar_row));
	KG_RFX_LISTS_FN((*rfx_lists[KG_RFX_WAVELETS]));
	KG_RFX_VALUES_FN((*rfx_values[KG_RFX_WAVELETS]));
	KG_RFX_PACK_FN((*rfx_pack));
	KG_RFX_RLGR_FN((*rfx_rlgr[KG_RFX_CODERS]));
	KG_UPGRADE_SPLIT_FN((*upgrade_split));
	KG_UPGRADE_SRL_FN((*upgrade_srl));
	KG_CLEAR_CHANGES_FN((*clear_changes));
	KG_CLEAR_COLUMNS_FN((*clear_columns));
};

void kg_dsp_init(struct kg_dsp *dsp, enum kg_cpu cpu);
