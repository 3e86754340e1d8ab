/* The C twins of planar: colours as planes, differences, and a row as segments. */
#include "codec/c.h"
#include "codec/planar-segment.h"

KG_PLANAR_SPLIT_FN(kg_planar_split_c)
{
	for (uint32_t x = 0; x < width; x++) {
		planes[0][x] = row[x * 4 + 2];
		planes[1][x] = row[x * 4 + 1];
		planes[2][x] = row[x * 4];
	}
}

KG_PLANAR_DELTA_FN(kg_planar_delta_c)
{
	for (unsigned plane = 0; plane < 3; plane++) {
		unsigned colour = 2 - plane;
		uint8_t *to = planes[plane];
		uint8_t before = 0;

		memset(same[plane], 0, (width + 63) / 64 * sizeof(uint64_t));
		for (uint32_t x = 0; x < width; x++) {
			uint8_t value = row[x * 4 + colour];

			if (above) {
				value -= above[x * 4 + colour];
				value = (uint8_t)(value << 1 ^ (value & 0x80 ? 0xff : 0));
			}
			to[x] = value;
			same[plane][x / 64] |= (uint64_t)(value == before) << x % 64;
			before = value;
		}
	}
}

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
