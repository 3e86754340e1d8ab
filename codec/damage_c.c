/* Comparing tiles: the functions that define the result. */
#include "codec/c.h"
#include "codec/damage.h"

#define COLOURS 0x00ffffffu

/* A bit for each of width pixels that differ. */
static uint64_t columns_of(const uint32_t *a, const uint32_t *b, uint32_t width)
{
	uint64_t columns = 0;

	for (uint32_t x = 0; x < width; x++)
		columns |= (uint64_t)(((a[x] ^ b[x]) & COLOURS) != 0) << x;
	return columns;
}

/* Compares and stores from a copy of the pixels: whoever owns them may be writing them now, and the mirror must hold
 * exactly what was compared. */
static uint64_t update_row(const uint8_t *from, uint8_t *mirror, uint32_t width)
{
	uint32_t copy[KG_TILE], old[KG_TILE], differs = 0;

	memcpy(copy, from, width * 4);
	__asm__ volatile("" : "+m"(copy));	// from here on the compiler cannot read from again in place of copy
	memcpy(old, mirror, width * 4);
	for (uint32_t x = 0; x < width; x++) {
		copy[x] |= ~COLOURS;
		differs |= copy[x] ^ old[x];
	}
	if (!differs)
		return 0;
	memcpy(mirror, copy, width * 4);
	return columns_of(copy, old, width);
}

KG_TILE_UPDATE_FN(kg_tile_update_c)
{
	*damage = (struct kg_damage){ 0 };
	for (uint32_t y = 0; y < height; y++) {
		uint64_t columns = update_row(from + y * stride, mirror + y * mirror_stride, width);

		damage->rows |= (uint64_t)(columns != 0) << y;
		damage->columns |= columns;
	}
}

KG_TILE_COMPARE_FN(kg_tile_compare_c)
{
	*damage = (struct kg_damage){ 0 };
	for (uint32_t y = 0; y < height; y++) {
		uint32_t copy[KG_TILE], old[KG_TILE], differs = 0;

		memcpy(copy, from + y * stride, width * 4);
		memcpy(old, mirror + y * mirror_stride, width * 4);
		for (uint32_t x = 0; x < width; x++)
			differs |= copy[x] ^ old[x];
		if (differs & COLOURS) {
			damage->rows |= 1ull << y;
			damage->columns |= columns_of(copy, old, width);
		}
	}
}
