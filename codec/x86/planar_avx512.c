/* Rows of planar as segments. Splitting pixels and differences gain nothing here over AVX2: they wait for the shuffle port. */
#include <immintrin.h>

#include "codec/planar-segment.h"
#include "codec/x86/x86.h"

/* Writes what begins and raw say of 32 values: the next of headers in front of each segment's values. Returns the end. */
static inline uint8_t *put_half(uint8_t *to, uint32_t begins, uint32_t raw, __m512i headers, __m512i values)
{
	const uint64_t even = UINT64_C(0x5555555555555555);
	uint64_t used = _pdep_u64(begins, even) | _pdep_u64(raw, even << 1);	// a header's bit before its value's
	uint64_t is_header = _pext_u64(even, used);
	__m512i out = _mm512_maskz_expand_epi8(~is_header, values);

	_mm512_storeu_si512(to, _mm512_mask_expand_epi8(out, is_header, headers));
	return to + _mm_popcnt_u64(used);
}

/*
 * No branch and no loop: the places where segments begin and where their values end, as lists, give all headers at once;
 * headers and values are spread into one vector for each half of the row.
 */
KG_PLANAR_ROW_FN(kg_planar_row_avx512)
{
	const __m512i place = _mm512_set_epi8(63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48,
					      47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32,
					      31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16,
					      15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
	struct row_bits bits = row_bits(same, width);
	uint64_t later = bits.begins & ~UINT64_C(1);
	/* A segment's values end where a run begins, or where the next segment does without one. */
	uint64_t ends = (bits.runs & ~(bits.runs << 1)) | (later & bits.raw << 1);
	__m512i begin, next, end, headers, all, end_of_row = _mm512_set1_epi8((char)width);

	if (!bits.runs)
		return put_segment(to, values, width, 0);
	if (runs_long(bits.runs))
		return put_long_runs(to, values, same, width);
	begin = _mm512_maskz_compress_epi8(bits.begins, place);
	next = _mm512_mask_compress_epi8(end_of_row, later, place);
	end = _mm512_mask_compress_epi8(end_of_row, ends, place);
	headers = _mm512_or_si512(_mm512_slli_epi16(_mm512_sub_epi8(end, begin), 4), _mm512_sub_epi8(next, end));
	all = _mm512_loadu_si512(values);
	to = put_half(to, (uint32_t)bits.begins, (uint32_t)bits.raw, headers, _mm512_maskz_compress_epi8(bits.raw, all));
	if (width <= 32)
		return to;
	headers = _mm512_maskz_compress_epi8(UINT64_MAX << _mm_popcnt_u32((uint32_t)bits.begins), headers);
	all = _mm512_maskz_compress_epi8(bits.raw & UINT64_MAX << 32, all);
	return put_half(to, (uint32_t)(bits.begins >> 32), (uint32_t)(bits.raw >> 32), headers, all);
}
