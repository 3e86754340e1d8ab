/* Counting what tells text from pictures, 8 pixels at a time. */
#include <immintrin.h>

#include "codec/classify.h"
#include "codec/x86/avx2.h"
#include "codec/x86/x86.h"

struct counts {
	__m256i old, weak;	// pixels that are not fresh, and those that are not strong, each as -1
};

static inline void add(struct counts *counts, __m256i here, __m256i left, __m256i up)
{
	const __m256i zero = _mm256_setzero_si256(), colours = _mm256_set1_epi32(0x00ffffff);
	const __m256i hard = _mm256_set1_epi32(0x00e0e0e0);	// of a step of 32 or more
	__m256i step = _mm256_or_si256(_mm256_subs_epu8(here, left), _mm256_subs_epu8(left, here)), old, weak;

	old = _mm256_or_si256(_mm256_cmpeq_epi32(_mm256_and_si256(step, colours), zero),
			      _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_xor_si256(here, up), colours), zero));
	weak = _mm256_or_si256(old, _mm256_cmpeq_epi32(_mm256_and_si256(step, hard), zero));
	counts->old = _mm256_add_epi32(counts->old, old);
	counts->weak = _mm256_add_epi32(counts->weak, weak);
}

static uint32_t sum(__m256i lanes)
{
	__m128i half = _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));

	half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
	return (uint32_t)(_mm_cvtsi128_si32(half) + _mm_extract_epi32(half, 1));
}

KG_TILE_TEXTURE_FN(kg_tile_texture_avx2)
{
	struct counts counts = { _mm256_setzero_si256(), _mm256_setzero_si256() };
	uint32_t vectors = (width - 1) / 8, rest = (width - 1) % 8, all = (height + 2) / 4 * (vectors + !!rest) * 8;
	__m256i mask = tail_mask(rest);

	for (uint32_t y = 1; y < height; y += 4) {
		const uint8_t *row = pixels + y * stride + 4, *above = row - stride;

		for (uint32_t i = 0; i < vectors; i++, row += 32, above += 32)
			add(&counts, _mm256_loadu_si256((const __m256i *)row), _mm256_loadu_si256((const __m256i *)(row - 4)),
			    _mm256_loadu_si256((const __m256i *)above));
		if (rest)	// what is masked out is equal, so it is not fresh
			add(&counts, tail_load(row, mask), tail_load(row - 4, mask), tail_load(above, mask));
	}
	*texture = (struct kg_texture){ (height + 2) / 4 * (width - 1), all + sum(counts.old), all + sum(counts.weak) };
}
