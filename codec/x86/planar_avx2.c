/* Rows of pixels as colour planes, 32 pixels at a time. */
#include <immintrin.h>

#include "codec/x86/avx2.h"
#include "codec/x86/x86.h"

#define BLOCK 32		// pixels: four vectors of them make one vector of each colour

struct block {
	__m256i pixels[4];
};

/* In the order of the wire. */
struct colours {
	__m256i plane[3];
};

static inline struct block load_whole(const uint8_t *row)
{
	struct block b;

	UNROLLED
	for (int i = 0; i < 4; i++)
		b.pixels[i] = _mm256_loadu_si256((const __m256i *)row + i);
	return b;
}

static inline struct block load_tail(const uint8_t *row, uint32_t count)
{
	struct block b;

	UNROLLED
	for (uint32_t i = 0; i < 4; i++)
		b.pixels[i] = tail_load(row + 32 * i, tail_mask(count > 8 * i ? count - 8 * i : 0));
	return b;
}

/* Collects the colours of 4 pixels in a double word, of 8 in a quad word, of 16 in a lane, half of them in each lane;
 * the last step brings the double words of both lanes into their order. */
static inline struct colours split(struct block b)
{
	const __m256i gather = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
	const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
	__m256i v[4], blue_green[2], red[2];

	UNROLLED
	for (int i = 0; i < 4; i++)
		v[i] = _mm256_shuffle_epi8(b.pixels[i], gather);
	UNROLLED
	for (int i = 0; i < 2; i++) {
		blue_green[i] = _mm256_unpacklo_epi32(v[2 * i], v[2 * i + 1]);
		red[i] = _mm256_unpackhi_epi32(v[2 * i], v[2 * i + 1]);
	}
	return (struct colours){ {
		_mm256_permutevar8x32_epi32(_mm256_unpacklo_epi64(red[0], red[1]), order),
		_mm256_permutevar8x32_epi32(_mm256_unpackhi_epi64(blue_green[0], blue_green[1]), order),
		_mm256_permutevar8x32_epi32(_mm256_unpacklo_epi64(blue_green[0], blue_green[1]), order),
	} };
}

KG_PLANAR_SPLIT_FN(kg_planar_split_avx2)
{
	uint32_t x = 0;

	for (; width - x >= BLOCK; x += BLOCK) {
		struct colours c = split(load_whole(row + x * 4));

		UNROLLED
		for (int i = 0; i < 3; i++)
			_mm256_storeu_si256((__m256i *)(planes[i] + x), c.plane[i]);
	}
	for (; x < width; x++)
		UNROLLED
		for (int i = 0; i < 3; i++)
			planes[i][x] = row[x * 4 + 2 - (uint32_t)i];
}

static inline struct block subtract(struct block a, struct block b)
{
	UNROLLED
	for (int i = 0; i < 4; i++)
		a.pixels[i] = _mm256_sub_epi8(a.pixels[i], b.pixels[i]);
	return a;
}

/* 2v for v >= 0, -2v - 1 for v < 0. */
static inline __m256i fold(__m256i v)
{
	return _mm256_xor_si256(_mm256_add_epi8(v, v), _mm256_cmpgt_epi8(_mm256_setzero_si256(), v));
}

/* The bytes of v one place up, the last byte of before in front. */
static inline __m256i shift_in(__m256i v, __m256i before)
{
	return _mm256_alignr_epi8(v, _mm256_permute2x128_si256(before, v, 0x21), 15);
}

static inline __attribute__((always_inline)) struct block load(const uint8_t *row, const uint8_t *above, uint32_t x,
							       uint32_t count)
{
	struct block b = count < BLOCK ? load_tail(row + x * 4, count) : load_whole(row + x * 4);

	if (above)
		b = subtract(b, count < BLOCK ? load_tail(above + x * 4, count) : load_whole(above + x * 4));
	return b;
}

static inline bool all_zero(const struct block *a, const struct block *b)
{
	const __m256i colours = _mm256_set1_epi32(0x00ffffff);
	__m256i any = _mm256_setzero_si256();

	UNROLLED
	for (int i = 0; i < 4; i++)
		any = _mm256_or_si256(any, _mm256_or_si256(a->pixels[i], b->pixels[i]));
	return _mm256_testz_si256(any, colours);
}

/* One block of a row: stores the values, returns in same a bit for each that equals the one before it. */
static inline __attribute__((always_inline)) void delta(struct block b, bool folded, uint32_t x, uint8_t *const planes[3],
							struct colours *before, uint64_t same[3])
{
	struct colours c = split(b);

	UNROLLED
	for (int i = 0; i < 3; i++) {
		__m256i v = folded ? fold(c.plane[i]) : c.plane[i];
		__m256i equal = _mm256_cmpeq_epi8(v, shift_in(v, before->plane[i]));

		_mm256_storeu_si256((__m256i *)(planes[i] + x), v);
		same[i] = (uint32_t)_mm256_movemask_epi8(equal);
		before->plane[i] = v;
	}
}

/* Two blocks that equal the row above, which most of a desktop's do. */
static inline __attribute__((always_inline)) void delta_none(uint32_t x, uint8_t *const planes[3], struct colours *before,
							     uint64_t *const same[3])
{
	const __m256i zero = _mm256_setzero_si256();

	UNROLLED
	for (int i = 0; i < 3; i++) {
		_mm256_storeu_si256((__m256i *)(planes[i] + x), zero);
		_mm256_storeu_si256((__m256i *)(planes[i] + x + BLOCK), zero);
		same[i][x / 64] = UINT64_MAX - !!_mm256_extract_epi8(before->plane[i], 31);
		before->plane[i] = zero;
	}
}

static inline __attribute__((always_inline)) void delta_row(const uint8_t *row, const uint8_t *above, uint32_t width,
							    uint8_t *const planes[3], uint64_t *const same[3])
{
	struct colours before = { { _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256() } };
	uint64_t low[3], high[3];
	uint32_t x = 0;

	for (; width - x >= 2 * BLOCK; x += 2 * BLOCK) {
		struct block a = load(row, above, x, BLOCK), b = load(row, above, x + BLOCK, BLOCK);

		if (above && all_zero(&a, &b)) {
			delta_none(x, planes, &before, same);
			continue;
		}
		delta(a, above, x, planes, &before, low);
		delta(b, above, x + BLOCK, planes, &before, high);
		UNROLLED
		for (int i = 0; i < 3; i++)
			same[i][x / 64] = low[i] | high[i] << 32;
	}
	if (x == width)
		return;
	delta(load(row, above, x, KG_MIN(width - x, BLOCK + 0u)), above, x, planes, &before, low);
	high[0] = high[1] = high[2] = 0;
	if (width - x > BLOCK)
		delta(load(row, above, x + BLOCK, width - x - BLOCK), above, x + BLOCK, planes, &before, high);
	UNROLLED
	for (int i = 0; i < 3; i++)
		same[i][x / 64] = _bzhi_u64(low[i] | high[i] << 32, width - x);
}

KG_PLANAR_DELTA_FN(kg_planar_delta_avx2)
{
	if (above)
		delta_row(row, above, width, planes, same);
	else
		delta_row(row, NULL, width, planes, same);
}
