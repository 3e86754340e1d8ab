/* The C twins of ClearCodec's inner functions. */
#include "codec/c.h"

static inline uint32_t pixel(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
}

KG_CLEAR_CHANGES_FN(kg_clear_changes_c)
{
	uint32_t before = pixel(row);

	for (uint32_t x = 0; x < width; x += 64) {
		uint32_t count = KG_MIN(width - x, 64u);
		uint64_t bits = 0;

		for (uint32_t i = 0; i < count; i++) {
			uint32_t now = pixel(row + (x + i) * 4);

			bits |= (uint64_t)(now != before) << i;
			before = now;
		}
		changes[x / 64] = bits;
	}
}

KG_CLEAR_COLUMNS_FN(kg_clear_columns_c)
{
	for (uint32_t x = 0; x < width; x++) {
		const uint8_t *at = pixels + x * 4;
		uint64_t a = 0, b = 0;

		for (uint32_t y = 0; y < height; y += 2, at += 2 * stride) {
			uint32_t first = pixel(at), second = y + 1 < height ? pixel(at + stride) : 0;

			a += (uint64_t)(first + key[y]) * (second + key[y + 1]);
			b += (uint64_t)(first + key[y + 2]) * (second + key[y + 3]);
		}
		to[x].a = a;
		to[x].b = b;
	}
}
