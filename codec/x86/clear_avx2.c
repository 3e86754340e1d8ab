/* ClearCodec: 8 pixels of a row, or 8 columns, at a time. */
#include <immintrin.h>

#include "codec/x86/avx2.h"
#include "codec/x86/x86.h"

/* A bit for each of the 8 pixels that is not equal in a and b. */
static inline uint64_t differs(__m256i a, __m256i b)
{
	__m256i difference = _mm256_slli_epi32(_mm256_xor_si256(a, b), 8);

	return (uint32_t)_mm256_movemask_ps(
		   _mm256_castsi256_ps(_mm256_cmpeq_epi32(difference, _mm256_setzero_si256()))) ^
	       0xff;
}

static inline uint64_t whole_word(const uint8_t *row, __m256i first, __m256i before)
{
	uint64_t bits = differs(first, before);

	UNROLLED
	for (int i = 1; i < 8; i++)
		bits |= differs(_mm256_loadu_si256((const __m256i *)row + i),
				_mm256_loadu_si256((const __m256i *)(row - 4) + i)) << 8 * i;
	return bits;
}

static uint64_t last_word(const uint8_t *row, bool begins, uint32_t count)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < count; i += 8) {
		__m256i mask = tail_mask(count - i), now = tail_load(row + i * 4, mask);
		__m256i before = begins && !i
				     ? _mm256_permutevar8x32_epi32(now, _mm256_setr_epi32(0, 0, 1, 2, 3, 4, 5, 6))
				     : tail_load(row + i * 4 - 4, mask);

		bits |= _bzhi_u64(differs(now, before), count - i) << i;
	}
	return bits;
}

KG_CLEAR_CHANGES_FN(kg_clear_changes_avx2)
{
	const __m256i shifted = _mm256_setr_epi32(0, 0, 1, 2, 3, 4, 5, 6);
	uint32_t x = 0;

	for (; width - x >= 64; x += 64, row += 64 * 4, changes++) {
		__m256i first = _mm256_loadu_si256((const __m256i *)row);
		__m256i before = x ? _mm256_loadu_si256((const __m256i *)(row - 4)) :
				     _mm256_permutevar8x32_epi32(first, shifted);

		*changes = whole_word(row, first, before);
	}
	if (x < width)
		*changes = last_word(row, !x, width - x);
}

/* Of 8 columns: the sums of those with even and of those with odd numbers. */
struct sums {
	__m256i even[2], odd[2];
};

static inline __attribute__((always_inline)) void add_pair(struct sums *sums, __m256i first, __m256i second,
							   const uint32_t *key)
{
	UNROLLED
	for (int i = 0; i < 2; i++) {
		__m256i a = _mm256_add_epi32(first, _mm256_set1_epi32((int)key[2 * i]));
		__m256i b = _mm256_add_epi32(second, _mm256_set1_epi32((int)key[2 * i + 1]));

		sums->even[i] = _mm256_add_epi64(sums->even[i], _mm256_mul_epu32(a, b));
		sums->odd[i] = _mm256_add_epi64(sums->odd[i],
						_mm256_mul_epu32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32)));
	}
}

static inline __attribute__((always_inline)) void store(const struct sums *sums, struct kg_clear_hash *to)
{
	__m256i *out = (__m256i *)to;
	__m256i even0 = _mm256_unpacklo_epi64(sums->even[0], sums->even[1]);	// columns 0 and 4
	__m256i even1 = _mm256_unpackhi_epi64(sums->even[0], sums->even[1]);	// 2 and 6
	__m256i odd0 = _mm256_unpacklo_epi64(sums->odd[0], sums->odd[1]);
	__m256i odd1 = _mm256_unpackhi_epi64(sums->odd[0], sums->odd[1]);

	_mm256_storeu_si256(out, _mm256_permute2x128_si256(even0, odd0, 0x20));
	_mm256_storeu_si256(out + 1, _mm256_permute2x128_si256(even1, odd1, 0x20));
	_mm256_storeu_si256(out + 2, _mm256_permute2x128_si256(even0, odd0, 0x31));
	_mm256_storeu_si256(out + 3, _mm256_permute2x128_si256(even1, odd1, 0x31));
}

static inline __attribute__((always_inline)) void columns(const uint8_t *pixels, size_t stride, uint32_t count,
							  uint32_t height, const uint32_t *key,
							  struct kg_clear_hash *to)
{
	const __m256i zero = _mm256_setzero_si256();
	const __m256i visible =
	    _mm256_and_si256(_mm256_set1_epi32(0xffffff), count < 8 ? tail_mask(count) : _mm256_set1_epi32(-1));
	struct sums sums = { { zero, zero }, { zero, zero } };

#define LOAD(at)                                                                                                       \
	_mm256_and_si256(visible,                                                                                      \
			 count < 8 ? tail_load(at, tail_mask(count)) : _mm256_loadu_si256((const __m256i *)(at)))
	for (; height >= 2; height -= 2, key += 2, pixels += 2 * stride)
		add_pair(&sums, LOAD(pixels), LOAD(pixels + stride), key);
	if (height)
		add_pair(&sums, LOAD(pixels), zero, key);
#undef LOAD
	store(&sums, to);
}

KG_CLEAR_COLUMNS_FN(kg_clear_columns_avx2)
{
	struct kg_clear_hash last[8];
	uint32_t x = 0;

	for (; width - x >= 8; x += 8)
		columns(pixels + x * 4, stride, 8, height, key, to + x);
	if (x == width)
		return;
	columns(pixels + x * 4, stride, width - x, height, key, last);
	memcpy(to + x, last, (width - x) * sizeof(*to));
}
