/*
 * What the NEON files share: bit masks, and the last pixels of a row, where a vector has fewer. Empty for other processors,
 * so that it stands alone everywhere.
 */
#pragma once

#if defined(__aarch64__)
#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#include "codec/unrolled.h"

/* A bit for each of 64 bytes, which are 0 or 0xff, from bit 0 for the first of v0. */
INLINE uint64_t bits_of(uint8x16_t v0, uint8x16_t v1, uint8x16_t v2, uint8x16_t v3)
{
	const uint8x16_t bit = vreinterpretq_u8_u64(vdupq_n_u64(UINT64_C(0x8040201008040201)));
	uint8x16_t low = vpaddq_u8(vandq_u8(v0, bit), vandq_u8(v1, bit));
	uint8x16_t high = vpaddq_u8(vandq_u8(v2, bit), vandq_u8(v3, bit)), all = vpaddq_u8(low, high);

	return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(all, all)), 0);
}

/* Four vectors of double words that are 0 or all ones as one of bytes. */
INLINE uint8x16_t narrow(uint32x4_t v0, uint32x4_t v1, uint32x4_t v2, uint32x4_t v3)
{
	uint16x8_t low = vuzp1q_u16(vreinterpretq_u16_u32(v0), vreinterpretq_u16_u32(v1));
	uint16x8_t high = vuzp1q_u16(vreinterpretq_u16_u32(v2), vreinterpretq_u16_u32(v3));

	return vuzp1q_u8(vreinterpretq_u8_u16(low), vreinterpretq_u8_u16(high));
}

INLINE uint64_t first_bits(uint32_t count)	// 1 to 64
{
	return UINT64_MAX >> (64 - count);
}

INLINE uint32x4_t load4(const uint8_t *pixels)
{
	return vreinterpretq_u32_u8(vld1q_u8(pixels));
}

/* The first count of 4 pixels, the others 0, touching no more. */
INLINE uint32x4_t load_tail(const uint8_t *pixels, uint32_t count)
{
	uint8_t four[16] = { 0 };

	memcpy(four, pixels, count * 4);
	return load4(four);
}

INLINE uint32x4_t load_upto4(const uint8_t *pixels, uint32_t count)
{
	return count >= 4 ? load4(pixels) : load_tail(pixels, count);
}

INLINE uint32x4_t colours(void)
{
	return vdupq_n_u32(0x00ffffff);
}
#endif
