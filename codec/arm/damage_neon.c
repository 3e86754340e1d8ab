/* Comparing tiles, 16 pixels at a time. */
#include "codec/arm/arm.h"
#include "codec/arm/neon.h"
#include "codec/damage.h"

/* The compiler cannot load again what vector was made of. */
#define ONCE(vector)                                                                               \
	({                                                                                         \
		uint32x4_t once_ = (vector);                                                       \
		__asm__("" : "+w"(once_));                                                         \
		once_;                                                                             \
	})

/* The bits in which up to 4 pixels differ, after they were stored where there is a place for them. */
INLINE uint32x4_t up_to_4(const uint8_t *from, const uint8_t *mirror, uint8_t *store, uint32_t count)
{
	uint32x4_t pixels = load_upto4(from, count), differs;

	if (store)
		pixels = ONCE(vorrq_u32(pixels, vdupq_n_u32(0xff000000)));
	differs = veorq_u32(pixels, load_upto4(mirror, count));
	if (store && vmaxvq_u32(differs))
		memcpy(store, &pixels, KG_MIN(count, 4u) * 4);
	return vandq_u32(differs, colours());
}

/*
 * Each pixel is loaded once, into a register that is both compared and stored. A mirror that has them is not written: most
 * tiles do not change, and their cache lines stay clean. What differs is added to columns only then, too.
 */
INLINE uint32x4_t sixteen(const uint8_t *from, const uint8_t *mirror, uint8_t *store, uint32x4_t columns[4])
{
	uint32x4_t pixels[4], differs[4], any;

	UNROLLED
	for (int i = 0; i < 4; i++) {
		pixels[i] = load4(from + 16 * i);
		if (store)
			pixels[i] = ONCE(vorrq_u32(pixels[i], vdupq_n_u32(0xff000000)));
		differs[i] = veorq_u32(pixels[i], load4(mirror + 16 * i));
	}
	any = vorrq_u32(vorrq_u32(differs[0], differs[1]), vorrq_u32(differs[2], differs[3]));
	if (!vmaxvq_u32(any))
		return any;
	UNROLLED
	for (int i = 0; i < 4; i++) {
		columns[i] = vorrq_u32(columns[i], vandq_u32(differs[i], colours()));
		if (store)
			vst1q_u8(store + 16 * i, vreinterpretq_u8_u32(pixels[i]));
	}
	return vandq_u32(any, colours());
}

INLINE void compare(const uint8_t *from, size_t stride, const uint8_t *mirror, uint8_t *store, size_t mirror_stride,
			 uint32_t width, uint32_t height, struct kg_damage *damage)
{
	uint32x4_t columns[16];
	uint8x16_t bytes[4];
	uint64_t rows = 0;

	for (int i = 0; i < 16; i++)
		columns[i] = vdupq_n_u32(0);
	for (uint32_t y = 0; y < height; y++) {
		const uint8_t *a = from + y * stride, *b = mirror + y * mirror_stride;
		uint8_t *to = store ? store + y * mirror_stride : NULL;
		uint32x4_t any = vdupq_n_u32(0);
		uint32_t x = 0;

		for (; width - x >= 16; x += 16)
			any = vorrq_u32(any, sixteen(a + x * 4, b + x * 4, to ? to + x * 4 : NULL, columns + x / 4));
		for (; x < width; x += 4) {
			uint32x4_t differs = up_to_4(a + x * 4, b + x * 4, to ? to + x * 4 : NULL, width - x);

			columns[x / 4] = vorrq_u32(columns[x / 4], differs);
			any = vorrq_u32(any, differs);
		}
		rows |= (uint64_t)(vmaxvq_u32(any) != 0) << y;
	}
	*damage = (struct kg_damage){ .rows = rows };
	if (!rows)
		return;
	for (int i = 0; i < 16; i++)
		columns[i] = vtstq_u32(columns[i], columns[i]);
	for (int i = 0; i < 4; i++)
		bytes[i] = narrow(columns[4 * i], columns[4 * i + 1], columns[4 * i + 2], columns[4 * i + 3]);
	damage->columns = bits_of(bytes[0], bytes[1], bytes[2], bytes[3]);
}

KG_TILE_UPDATE_FN(kg_tile_update_neon)
{
	compare(from, stride, mirror, mirror, mirror_stride, width, height, damage);
}

KG_TILE_COMPARE_FN(kg_tile_compare_neon)
{
	compare(from, stride, mirror, NULL, mirror_stride, width, height, damage);
}
