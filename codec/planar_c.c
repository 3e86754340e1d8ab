/* A row of planar as segments, in C. */
#include "codec/c.h"
#include "codec/planar-segment.h"

/*
 * In photographs the numbers of values and the lengths of runs are as good as random, so that each branch on one is predicted
 * wrongly half of the time. Where no run is longer than a segment takes, one loop without branches writes all segments.
 */
KG_PLANAR_ROW_FN(kg_planar_row_c)
{
	struct row_bits bits = row_bits(same, width);

	if (!bits.runs)
		return put_segment(to, values, width, 0);
	if (runs_long(bits.runs))
		return put_long_runs(to, values, same, width);
	do {
		size_t x = (size_t)__builtin_ctzll(bits.begins);
		size_t both = 1 + (size_t)__builtin_ctzll(bits.begins >> x >> 1 | UINT64_C(1) << (width - 1 - x));
		size_t count = (size_t)__builtin_ctzll(bits.runs >> x | UINT64_C(1) << both);

		*to = (uint8_t)(count << 4 | (both - count));
		memcpy(to + 1, values + x, 16);
		to += 1 + count;
		bits.begins &= bits.begins - 1;
	} while (bits.begins);
	return to;
}
