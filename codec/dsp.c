/* The C twins of the inner functions, and the table that chooses between them and the variants. */
#include "codec/dsp.h"

#include "codec/c.h"
#include "codec/x86/x86.h"

#define CHUNK 64		// pixels that are held at a time

static inline uint32_t pixel(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
}

/* Compares and stores from a copy of the pixels: whoever owns them may be writing them now, and the mirror must hold
 * exactly what was compared. */
static uint32_t update_chunk(const uint8_t *from, uint8_t *mirror, size_t size)
{
	uint8_t copy[CHUNK * 4], old[CHUNK * 4];
	uint8_t changed = 0, differs = 0;

	memcpy(copy, from, size);
	__asm__ volatile("" : "+m"(copy));	// from here on the compiler cannot read from again in place of copy
	memcpy(old, mirror, size);
	for (size_t i = 0; i < size; i += 4) {
		copy[i + 3] = 0xff;
		changed |= (copy[i] ^ old[i]) | (copy[i + 1] ^ old[i + 1]) | (copy[i + 2] ^ old[i + 2]);
		differs |= old[i + 3] ^ 0xff;
	}
	if (changed | differs)
		memcpy(mirror, copy, size);
	return changed;
}

static KG_TILE_UPDATE_FN(tile_update_c)
{
	uint32_t changed = 0;

	for (uint32_t y = 0; y < height; y++) {
		for (uint32_t x = 0; x < width; x += CHUNK)
			changed |= update_chunk(from + x * 4, mirror + x * 4, KG_MIN(width - x, CHUNK + 0u) * 4);
		from += stride;
		mirror += mirror_stride;
	}
	return changed != 0;
}

static KG_TILE_FLAT_FN(tile_flat_c)
{
	uint32_t first = pixel(pixels);

	for (uint32_t y = 0; y < height; y++, pixels += stride)
		for (uint32_t x = 0; x < width; x++)
			if (pixel(pixels + x * 4) != first)
				return false;
	return true;
}

static KG_PLANAR_SPLIT_FN(planar_split_c)
{
	for (uint32_t x = 0; x < width; x++) {
		planes[0][x] = row[x * 4 + 2];
		planes[1][x] = row[x * 4 + 1];
		planes[2][x] = row[x * 4];
	}
}

static KG_PLANAR_DELTA_FN(planar_delta_c)
{
	for (unsigned plane = 0; plane < 3; plane++) {
		unsigned colour = 2 - plane;
		uint8_t *to = planes[plane];
		uint8_t before = 0;

		memset(same[plane], 0, (width + 63) / 64 * sizeof(uint64_t));
		for (uint32_t x = 0; x < width; x++) {
			uint8_t value = row[x * 4 + colour];

			if (above) {
				value -= above[x * 4 + colour];
				value = (uint8_t)(value << 1 ^ (value & 0x80 ? 0xff : 0));
			}
			to[x] = value;
			same[plane][x / 64] |= (uint64_t)(value == before) << x % 64;
			before = value;
		}
	}
}

void kg_dsp_init(struct kg_dsp *dsp, enum kg_cpu cpu)
{
	*dsp = (struct kg_dsp){
		.tile_update = tile_update_c,
		.tile_flat = tile_flat_c,
		.planar_split = planar_split_c,
		.planar_delta = planar_delta_c,
		.rfx_lists = { kg_rfx_lists_symmetric_c, kg_rfx_lists_extrapolate_c },
		.rfx_values = { kg_rfx_values_symmetric_c, kg_rfx_values_extrapolate_c },
		.rfx_rlgr = { kg_rfx_rlgr1_c, kg_rfx_rlgr3_c },
	};
#if HAVE_AVX2
	if (cpu >= KG_CPU_AVX2) {
		dsp->tile_update = kg_tile_update_avx2;
		dsp->tile_flat = kg_tile_flat_avx2;
		dsp->planar_split = kg_planar_split_avx2;
		dsp->planar_delta = kg_planar_delta_avx2;
	}
#endif
}
