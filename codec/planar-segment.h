/*
 * Segments of planar's run lengths ([MS-RDPEGDI] 3.1.9.2.3): what the coders of rows share. Rows of up to 64 values are bit
 * masks here, bit 0 for the first value.
 */
#pragma once

#include "base/base.h"

#define RAW_MAX 15	// values of one segment
#define RUN_MIN 3	// a shorter one is sent as values
#define RUN_MAX 47	// of a segment without values, RAW_MAX with

/* A run without values: as many segments as it takes, none of which may be left with less than RUN_MIN. */
static inline uint8_t *put_run(uint8_t *to, size_t run)
{
	while (run) {
		size_t now = KG_MIN(run, (size_t)RUN_MAX);
		size_t left = run - now;

		if (left && left < RUN_MIN)
			now -= RUN_MIN - left;
		if (now <= RAW_MAX)
			*to++ = (uint8_t)now;
		else if (now < 32)
			*to++ = (uint8_t)((now - 16) << 4 | 1);
		else
			*to++ = (uint8_t)((now - 32) << 4 | 2);
		run -= now;
	}
	return to;
}

/* count values and then run times the last of them. One of the two is not 0, and run is 0 or at least RUN_MIN. */
static inline uint8_t *put_segment(uint8_t *to, const uint8_t *values, size_t count, size_t run)
{
	if (count - 1 < RAW_MAX && run <= RAW_MAX) {		// most are
		*to = (uint8_t)(count << 4 | run);
		memcpy(to + 1, values, 16);
		return to + 1 + count;
	}
	for (; count > RAW_MAX; count -= RAW_MAX, values += RAW_MAX) {
		*to = RAW_MAX << 4;
		memcpy(to + 1, values, 16);
		to += 1 + RAW_MAX;
	}
	if (count) {
		size_t now = KG_MIN(run, (size_t)RAW_MAX);
		size_t left = run - now;

		if (left && left < RUN_MIN)
			now -= RUN_MIN - left;
		*to = (uint8_t)(count << 4 | now);
		memcpy(to + 1, values, 16);
		to += 1 + count;
		run -= now;
	}
	return put_run(to, run);
}

/* A row whose runs are long. */
static inline uint8_t *put_long_runs(uint8_t *to, const uint8_t *values, uint64_t same, size_t width)
{
	uint64_t starts = same & same >> 1 & same >> 2;
	size_t x = 0;

	if (same == UINT64_MAX) {		// nothing changed to the row above: a run of 47 and one of 17
		to[0] = 0xf2;
		to[1] = 0x11;
		return to + 2;
	}
	while (starts) {
		size_t start = (size_t)__builtin_ctzll(starts);
		/* Ends at bit 64 at the latest; a run from 0 has ended before, by the test above. */
		uint64_t ends = ~same >> start | UINT64_C(2) << (63 - start);
		size_t end = start + (size_t)__builtin_ctzll(ends);

		to = put_segment(to, values + x, start - x, end - start);
		x = end;
		starts &= (UINT64_MAX << 1) << (end - 1);
	}
	return x < width ? put_segment(to, values + x, width - x, 0) : to;
}

/* The values that are part of a run, those that are not, and the first of each segment: after a run, and after RAW_MAX. */
struct row_bits {
	uint64_t runs, raw, begins;
};

static inline struct row_bits row_bits(uint64_t same, size_t width)
{
	uint64_t starts = same & same >> 1 & same >> 2, full, split;
	struct row_bits bits = { .runs = starts | starts << 1 | starts << 2 };

	bits.raw = ~bits.runs & UINT64_MAX >> (64 - width);
	full = bits.raw & bits.raw << 1;
	full &= full << 2;
	full &= full << 4;
	full &= full << 8;			// the 16th of values in a row, and those after it
	bits.begins = bits.raw & ~(bits.raw << 1);
	split = bits.begins << RAW_MAX & full;
	bits.begins |= split | 1;
	split = split << RAW_MAX & full;
	bits.begins |= split;
	split = split << RAW_MAX & full;
	bits.begins |= split;
	bits.begins |= split << RAW_MAX & full;
	return bits;
}

/* Whether there is a run that takes more than one segment. */
static inline bool runs_long(uint64_t runs)
{
	runs &= runs >> 1;
	runs &= runs >> 2;
	runs &= runs >> 4;
	return runs & runs >> 8;
}
