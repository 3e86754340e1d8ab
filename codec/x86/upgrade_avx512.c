/* The split of upgrade passes with AVX-512, 32 entries at a time, see codec/upgrade-split.h. */
#include "codec/upgrade-split.h"
#include "codec/x86/words.h"
#include "codec/x86/x86.h"

static const uint16_t IOTA[32] __attribute__((aligned(64))) = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
};

static uint8_t *split_band(struct kg_split *s, uint32_t end, uint32_t bits, uint8_t *raw)
{
	const __m512i iota = load(IOTA), greatest = all16((1 << bits) - 1), behind = all16((int)end), one = all16(1);
	const __m512i sign = all16(KG_SRL_NEGATIVE), ended = all16(KG_SRL_ENDED);
	const uint16_t *position = s->position;
	const int16_t *value = s->value;
	uint16_t *srl_position = s->srl_position;
	int16_t *srl_value = s->srl_value;
	uint32_t gone = s->gone, count;

	do {
		__m512i at = load(position), v = load(value), magnitude = _mm512_abs_epi16(v), code;
		__mmask32 beyond = _mm512_cmpge_epu16_mask(at, behind), here = ~beyond & (beyond - 1);
		__mmask32 is_raw = _mm512_mask_cmpgt_epu16_mask(here, magnitude, greatest), is_srl = here & ~is_raw;
		__mmask32 is_greatest = _mm512_cmpeq_epi16_mask(magnitude, greatest);

		code = _mm512_ternarylogic_epi32(_mm512_mask_sub_epi16(magnitude, is_greatest, magnitude, one), v, sign, 0xf8);
		code = _mm512_mask_add_epi16(code, is_srl & ~is_greatest, code, ended);
		/* A position's index among the entries is part of what it loses by those that are gone. */
		at = add16(_mm512_maskz_compress_epi16(is_srl, sub16(at, iota)), sub16(iota, all16((int)gone)));
		store(srl_position, at);
		store(srl_value, _mm512_maskz_compress_epi16(is_srl, code));
		_mm256_storeu_si256((__m256i *)raw, _mm256_maskz_compress_epi8(is_raw, _mm512_cvtepi16_epi8(magnitude)));
		count = (uint32_t)__builtin_popcount(here);
		position += count;
		value += count;
		srl_position += __builtin_popcount(is_srl);
		srl_value += __builtin_popcount(is_srl);
		raw += __builtin_popcount(is_raw);
		gone += (uint32_t)__builtin_popcount(is_raw);
	} while (count == 32);
	*s = (struct kg_split){ position, value, srl_position, srl_value, gone };
	return raw;
}

KG_UPGRADE_SPLIT_FN(kg_upgrade_split_avx512)
{
	return kg_split_list(pass, list, srl, raw, scratch, split_band);
}
