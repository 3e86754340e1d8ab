/* ClearCodec: 16 pixels of a row, or 16 columns, at a time. */
#include <immintrin.h>

#include "codec/x86/x86.h"

static inline uint64_t differs(__m512i a, __m512i b)
{
	return _mm512_test_epi32_mask(_mm512_xor_si512(a, b), _mm512_set1_epi32(0xffffff));
}

static inline __mmask16 tail(uint32_t count)
{
	return (__mmask16)(count < 16 ? (1u << count) - 1 : 0xffff);
}

/* The first 16 pixels of a row, each against the one before it. */
static inline uint64_t first_differs(__m512i pixels)
{
	const __m512i shifted = _mm512_setr_epi32(0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);

	return differs(pixels, _mm512_permutexvar_epi32(shifted, pixels));
}

static uint64_t last_word(const uint8_t *row, bool begins, uint32_t count)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < count; i += 16) {
		__mmask16 mask = tail(count - i);
		__m512i now = _mm512_maskz_loadu_epi32(mask, row + i * 4);

		if (begins && !i)
			bits = first_differs(now) & mask;
		else
			bits |= differs(now, _mm512_maskz_loadu_epi32(mask, row + i * 4 - 4)) << i;
	}
	return bits;
}

KG_CLEAR_CHANGES_FN(kg_clear_changes_avx512)
{
	uint32_t x = 0;

	for (; width - x >= 64; x += 64, row += 64 * 4, changes++) {
		const __m512i *now = (const __m512i *)row;
		__m512i first = _mm512_loadu_si512(now);
		uint64_t bits = x ? differs(first, _mm512_loadu_si512(row - 4)) : first_differs(first);

		bits |= differs(_mm512_loadu_si512(now + 1), _mm512_loadu_si512(row + 60)) << 16;
		bits |= differs(_mm512_loadu_si512(now + 2), _mm512_loadu_si512(row + 124)) << 32;
		bits |= differs(_mm512_loadu_si512(now + 3), _mm512_loadu_si512(row + 188)) << 48;
		*changes = bits;
	}
	if (x < width)
		*changes = last_word(row, !x, width - x);
}

/* Of 16 columns: the sums of those with even and of those with odd numbers. */
struct sums {
	__m512i even0, odd0, even1, odd1;
};

static inline __attribute__((always_inline)) void add_pair(struct sums *sums, __m512i first, __m512i second,
							   const uint32_t *key)
{
	__m512i a0 = _mm512_add_epi32(first, _mm512_set1_epi32((int)key[0]));
	__m512i b0 = _mm512_add_epi32(second, _mm512_set1_epi32((int)key[1]));
	__m512i a1 = _mm512_add_epi32(first, _mm512_set1_epi32((int)key[2]));
	__m512i b1 = _mm512_add_epi32(second, _mm512_set1_epi32((int)key[3]));

	sums->even0 = _mm512_add_epi64(sums->even0, _mm512_mul_epu32(a0, b0));
	sums->even1 = _mm512_add_epi64(sums->even1, _mm512_mul_epu32(a1, b1));
	sums->odd0 =
	    _mm512_add_epi64(sums->odd0, _mm512_mul_epu32(_mm512_srli_epi64(a0, 32), _mm512_srli_epi64(b0, 32)));
	sums->odd1 =
	    _mm512_add_epi64(sums->odd1, _mm512_mul_epu32(_mm512_srli_epi64(a1, 32), _mm512_srli_epi64(b1, 32)));
}

/* 128 bits to a column: lanes 0 to 3 of each vector below hold columns 0, 4, 8, 12 and those 1, 2 and 3 behind them. */
static inline __attribute__((always_inline)) void store(const struct sums *sums, uint32_t count,
							struct kg_clear_hash *to)
{
	__m512i c0 = _mm512_unpacklo_epi64(sums->even0, sums->even1),
		c2 = _mm512_unpackhi_epi64(sums->even0, sums->even1);
	__m512i c1 = _mm512_unpacklo_epi64(sums->odd0, sums->odd1), c3 = _mm512_unpackhi_epi64(sums->odd0, sums->odd1);
	__m512i low01 = _mm512_shuffle_i64x2(c0, c1, 0x44), low23 = _mm512_shuffle_i64x2(c2, c3, 0x44);
	__m512i high01 = _mm512_shuffle_i64x2(c0, c1, 0xee), high23 = _mm512_shuffle_i64x2(c2, c3, 0xee);
	uint32_t mask = count < 16 ? (1u << 2 * count) - 1 : UINT32_MAX;

	_mm512_mask_storeu_epi64(to, (__mmask8)mask, _mm512_shuffle_i64x2(low01, low23, 0x88));
	_mm512_mask_storeu_epi64(to + 4, (__mmask8)(mask >> 8), _mm512_shuffle_i64x2(low01, low23, 0xdd));
	_mm512_mask_storeu_epi64(to + 8, (__mmask8)(mask >> 16), _mm512_shuffle_i64x2(high01, high23, 0x88));
	_mm512_mask_storeu_epi64(to + 12, (__mmask8)(mask >> 24), _mm512_shuffle_i64x2(high01, high23, 0xdd));
}

static inline __attribute__((always_inline)) void columns(const uint8_t *pixels, size_t stride, uint32_t count,
							  uint32_t height, const uint32_t *key,
							  struct kg_clear_hash *to)
{
	const __m512i visible = _mm512_set1_epi32(0xffffff), zero = _mm512_setzero_si512();
	const __mmask16 mask = tail(count);
	struct sums sums = { zero, zero, zero, zero };

	for (; height >= 2; height -= 2, key += 2, pixels += 2 * stride)
		add_pair(&sums, _mm512_and_si512(visible, _mm512_maskz_loadu_epi32(mask, pixels)),
			 _mm512_and_si512(visible, _mm512_maskz_loadu_epi32(mask, pixels + stride)), key);
	if (height)
		add_pair(&sums, _mm512_and_si512(visible, _mm512_maskz_loadu_epi32(mask, pixels)), zero, key);
	store(&sums, count, to);
}

KG_CLEAR_COLUMNS_FN(kg_clear_columns_avx512)
{
	uint32_t x = 0;

	for (; width - x >= 16; x += 16)
		columns(pixels + x * 4, stride, 16, height, key, to + x);
	if (x < width)
		columns(pixels + x * 4, stride, width - x, height, key, to + x);
}
