/*
 * Eight values of 16 bits at a time, in vectors as gcc and clang have them for any processor: for C twins, which get the
 * instructions that every processor of the kind has. Variants have intrinsics of their own.
 */
#pragma once

#include "base/base.h"
#include "codec/unrolled.h"

typedef int16_t vector __attribute__((vector_size(16)));
typedef uint16_t words __attribute__((vector_size(16)));
typedef uint32_t pixels4 __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a pixel has blue in its lowest byte");

INLINE vector load(const int16_t *at)
{
	vector v;

	memcpy(&v, at, sizeof(v));
	return v;
}

INLINE void store(int16_t *at, vector v)
{
	memcpy(at, &v, sizeof(v));
}

/* The elements before those of v, the last of before first. */
INLINE vector back_by_one(vector before, vector v)
{
	halves carry = __builtin_shufflevector((halves)before, (halves)v, 1, 2);

	return (vector)((halves)v << 16 | carry >> 48);
}

INLINE vector clamp(vector v, int16_t low, int16_t high)
{
	vector under = v < low, over = v > high;

	return (v & ~(under | over)) | (under & low) | (over & high);
}

INLINE bool all_zero(vector v)
{
	halves both = (halves)v;

	return !(both[0] | both[1]);
}
