/* The split of upgrade passes with AVX2, 8 entries at a time, see codec/upgrade-split.h. */
#include "codec/upgrade-split.h"
#include "codec/x86/avx2.h"
#include "codec/x86/pack_words.h"
#include "codec/x86/x86.h"

INLINE __m128i load8(const void *at)
{
	return _mm_loadu_si128((const __m128i *)at);
}

INLINE void store8(void *at, __m128i v)
{
	_mm_storeu_si128((__m128i *)at, v);
}

INLINE __m128i all8(int value)
{
	return _mm_set1_epi16((short)value);
}

/* Those of v whose bit is set, moved together. */
INLINE __m128i pack8(__m128i v, uint32_t which)
{
	return _mm_shuffle_epi8(v, load8(PACK_WORDS[which]));
}

static uint8_t *split_band(struct kg_split *s, uint32_t end, uint32_t bits, uint8_t *raw)
{
	const __m128i iota = _mm_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7), greatest = all8((1 << bits) - 1), behind = all8((int)end);
	const __m128i sign = all8(KG_SRL_NEGATIVE), ended = all8(KG_SRL_ENDED);
	const uint16_t *position = s->position;
	const int16_t *value = s->value;
	uint16_t *srl_position = s->srl_position;
	int16_t *srl_value = s->srl_value;
	uint32_t gone = s->gone, count;

	do {
		__m128i at = load8(position), v = load8(value), magnitude = _mm_abs_epi16(v), code;
		__m128i is_greatest = _mm_cmpeq_epi16(magnitude, greatest);
		uint32_t masks = (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(_mm_cmpgt_epi16(magnitude, greatest),
									     _mm_cmpeq_epi16(_mm_max_epu16(at, behind), at)));
		uint32_t beyond = masks >> 8 | 0x100, here = ~beyond & (beyond - 1), is_raw = masks & here, is_srl = ~masks & here;

		code = _mm_or_si128(_mm_add_epi16(magnitude, is_greatest), _mm_and_si128(v, sign));
		code = _mm_or_si128(code, _mm_andnot_si128(is_greatest, ended));
		/* A position's index among the entries is part of what it loses by those that are gone. */
		at = _mm_add_epi16(pack8(_mm_sub_epi16(at, iota), is_srl), _mm_sub_epi16(iota, all8((int)gone)));
		store8(srl_position, at);
		store8(srl_value, pack8(code, is_srl));
		_mm_storel_epi64((__m128i *)raw, _mm_packus_epi16(pack8(_mm_and_si128(magnitude, greatest), is_raw), greatest));
		count = (uint32_t)__builtin_popcount(here);
		position += count;
		value += count;
		srl_position += __builtin_popcount(is_srl);
		srl_value += __builtin_popcount(is_srl);
		raw += __builtin_popcount(is_raw);
		gone += (uint32_t)__builtin_popcount(is_raw);
	} while (count == 8);
	*s = (struct kg_split){ position, value, srl_position, srl_value, gone };
	return raw;
}

KG_UPGRADE_SPLIT_FN(kg_upgrade_split_avx2)
{
	return kg_split_list(pass, list, srl, raw, scratch, split_band);
}
