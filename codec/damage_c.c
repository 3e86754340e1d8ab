/* Comparing tiles: the functions that define the result. */
#include "codec/c.h"
#include "codec/damage.h"

#define COLOURS 0x00ffffffu

/* Inlined for a constant width, which compilers make vectors of. */
static inline __attribute__((always_inline)) bool colours_differ(const uint8_t *from, const uint8_t *mirror, uint32_t width)
{
	uint32_t differs = 0;

	for (uint32_t x = 0; x < width; x++) {
		uint32_t now, old;

		memcpy(&now, from + 4 * x, sizeof(now));
		memcpy(&old, mirror + 4 * x, sizeof(old));
		differs |= now ^ old;
	}
	return differs & COLOURS;
}

/*
 * Compares and stores from a copy of the pixels: whoever owns them may be writing them now, and the mirror must hold exactly
 * what was compared. With to NULL it only compares, and rows that are equal need no copy.
 */
static inline __attribute__((always_inline)) bool row(const uint8_t *from, const uint8_t *mirror, uint8_t *to,
						      uint32_t width, uint32_t *columns)
{
	uint32_t copy[KG_TILE], old[KG_TILE], differs = 0;

	if (!to && !colours_differ(from, mirror, width))
		return false;
	memcpy(copy, from, width * 4);
	__asm__ volatile("" : "+m"(copy));	// from here on the compiler cannot read from again in place of copy
	memcpy(old, mirror, width * 4);
	for (uint32_t x = 0; x < width; x++)
		differs |= (copy[x] | ~COLOURS) ^ old[x];
	if (!(to ? differs : differs & COLOURS))
		return false;
	for (uint32_t x = 0; x < width; x++)
		copy[x] |= ~COLOURS;
	if (to)
		memcpy(to, copy, width * 4);
	for (uint32_t x = 0; x < width; x++)
		columns[x] |= copy[x] ^ old[x];
	return differs & COLOURS;
}

static inline __attribute__((always_inline)) void compare(const uint8_t *from, size_t stride, const uint8_t *mirror,
							  uint8_t *to, size_t mirror_stride, uint32_t width,
							  uint32_t height, struct kg_damage *damage)
{
	uint32_t columns[KG_TILE] = { 0 };
	uint64_t rows = 0;

	for (uint32_t y = 0; y < height; y++)
		rows |= (uint64_t)row(from + y * stride, mirror + y * mirror_stride, to ? to + y * mirror_stride : NULL, width,
				      columns) << y;
	*damage = (struct kg_damage){ .rows = rows };
	for (uint32_t x = 0; rows && x < width; x++)
		damage->columns |= (uint64_t)((columns[x] & COLOURS) != 0) << x;
}

KG_TILE_UPDATE_FN(kg_tile_update_c)
{
	if (width == KG_TILE)
		compare(from, stride, mirror, mirror, mirror_stride, KG_TILE, height, damage);
	else
		compare(from, stride, mirror, mirror, mirror_stride, width, height, damage);
}

KG_TILE_COMPARE_FN(kg_tile_compare_c)
{
	if (width == KG_TILE)
		compare(from, stride, mirror, NULL, mirror_stride, KG_TILE, height, damage);
	else
		compare(from, stride, mirror, NULL, mirror_stride, width, height, damage);
}
