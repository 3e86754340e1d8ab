/*
 * What the split of an upgrade pass (KG_UPGRADE_SPLIT_FN) is in all of its variants, but for the entries of a band: the way
 * through the bands, LL3, and the packing of raw bits.
 */
#pragma once

#include "codec/bits.h"
#include "codec/unrolled.h"
#include "codec/upgrade.h"

#define KG_SPLIT_SLACK 64	// bytes that may be written behind the values of a band

struct kg_split {
	const uint16_t *position;	// of the next entry
	const int16_t *value;
	uint16_t *srl_position;		// where the next entry of SRL goes
	int16_t *srl_value;
	uint32_t gone;			// positions so far that SRL knows nothing of
};

/* The entries below position end, where SRL's go and, to raw, the others, of which the last bits count. Returns their end. */
typedef uint8_t *kg_split_band(struct kg_split *s, uint32_t end, uint32_t bits, uint8_t *raw);

/* The last bits of eight numbers, the first one the highest. */
INLINE uint64_t kg_packed(const uint8_t *numbers, uint32_t bits)
{
	uint64_t x;

	memcpy(&x, numbers, sizeof(x));
	x = __builtin_bswap64(x) & UINT64_C(0x0101010101010101) * ((1u << bits) - 1);
	x = (x & UINT64_C(0x00ff00ff00ff00ff)) | (x & UINT64_C(0xff00ff00ff00ff00)) >> (8 - bits);
	x = (x & UINT64_C(0x0000ffff0000ffff)) | (x & UINT64_C(0xffff0000ffff0000)) >> (16 - 2 * bits);
	return (x & 0xffffffff) | x >> 32 << 4 * bits;
}

INLINE void kg_put_raw(struct kg_bits *to, const uint8_t *numbers, const uint8_t *end, uint32_t bits)
{
	uint32_t left;

	for (; end - numbers >= 8; numbers += 8)
		kg_put(to, kg_packed(numbers, bits), 8 * bits);
	left = (uint32_t)(end - numbers);
	kg_put(to, kg_packed(numbers, bits) >> (8 - left) * bits, left * bits);
}

/* Each of eight numbers, the first one the lowest, plus all those before it and before; of all of them the last six bits. */
INLINE uint64_t kg_sums(uint64_t numbers, uint64_t before)
{
	const uint64_t six = UINT64_C(0x3f3f3f3f3f3f3f3f);

	_Static_assert(KG_UPGRADE_BITS <= 6, "no more bits are needed");
	numbers &= six;
	numbers = (numbers + (numbers << 8)) & six;
	numbers = (numbers + (numbers << 16)) & six;
	numbers = (numbers + (numbers << 32)) & six;
	return (numbers + before * UINT64_C(0x0101010101010101)) & six;
}

/* LL3, which was rounded down and not towards 0, so that the bits are sent as they are. count is at most 81. */
static inline void kg_split_last(struct kg_split *s, uint32_t start, uint32_t count, uint8_t *raw)
{
	uint64_t sums = 0;

	memset(raw, 0, 88);
	for (; *s->position < start + count; s->position++, s->value++)
		raw[*s->position - start] = (uint8_t)*s->value;
	for (uint32_t i = 0; i < count; i += 8) {
		memcpy(&sums, raw + i, sizeof(sums));
		sums = kg_sums(sums, i ? raw[i - 1] : 0);
		memcpy(raw + i, &sums, sizeof(sums));
	}
}

INLINE uint32_t kg_split_list(const struct kg_upgrade *pass, const struct kg_rfx_list *list, struct kg_rfx_list *srl, uint8_t *raw,
			      uint8_t *numbers, kg_split_band *band_of)
{
	struct kg_split s = { list->position, list->value, srl->position, srl->value, 0 };
	struct kg_bits to = { .at = raw };
	unsigned last = pass->count - 1;

	list->position[list->count] = 0xffff;	// behind all bands
	for (unsigned band = 0; band <= last; band++) {
		uint32_t start = pass->start[band], end = pass->start[band + 1], bits = pass->bits[band];

		if (!bits) {
			while (*s.position < end) {
				s.position++;
				s.value++;
			}
		} else if (band == last) {
			kg_split_last(&s, start, end - start, numbers);
			kg_put_raw(&to, numbers, numbers + (end - start), bits);
		} else if (*s.position < end) {
			kg_put_raw(&to, numbers, band_of(&s, end, bits, numbers), bits);
		}
		if (!bits || band == last)
			s.gone += end - start;
	}
	srl->count = (uint32_t)(s.srl_position - srl->position);
	srl->position[-1] = 0xffff;
	srl->position[srl->count] = (uint16_t)(pass->start[last + 1] - s.gone);
	return kg_bits_size(&to, raw);
}
