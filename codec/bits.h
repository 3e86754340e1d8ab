/*
 * Bits into bytes, the first bit the highest, and the adaptive runs of zeros that RLGR and SRL share. Every put stores
 * eight bytes, so the memory behind needs as many to spare.
 */
#pragma once

#include "base/base.h"

struct kg_bits {
	uint64_t bits;		// the last waiting of them are not whole bytes yet; what lies above is old
	uint32_t waiting;	// 0 to 7
	uint8_t *at;
};

/* The last count bits of bits, count <= 56; those above them are 0. */
static inline void kg_put(struct kg_bits *to, uint64_t bits, uint32_t count)
{
	uint64_t word;

	to->bits = to->bits << count | bits;
	to->waiting += count;
	word = __builtin_bswap64(to->bits << ((64 - to->waiting) & 63));
	memcpy(to->at, &word, sizeof(word));
	to->at += to->waiting >> 3;
	to->waiting &= 7;
}

/* The same bit count times. */
static inline void kg_put_same(struct kg_bits *to, bool bit, uint32_t count)
{
	for (; count > 32; count -= 32)
		kg_put(to, bit ? UINT32_MAX : 0, 32);
	kg_put(to, bit ? (UINT64_C(1) << count) - 1 : 0, count);
}

/* How many bytes there are since start, the last filled with zero bits. */
static inline uint32_t kg_bits_size(const struct kg_bits *to, const uint8_t *start)
{
	return (uint32_t)(to->at - start) + (to->waiting != 0);
}

static inline uint32_t kg_floor_log2(uint32_t x)
{
	return 31 - (uint32_t)__builtin_clz(x);
}

#define KG_KP_MAX 80
#define KG_KP_START 8

/*
 * zeros and the end of the run, behind it one more bit (the sign of the value). A zero bit stands for 2^k zeros and raises
 * kp by 4; k is kp / 8 and thus grows with every second bit. base = (2 + i % 2) << (i / 2), with i = kp / 4, is 2 more than
 * the zeros that i bits from kp = 0 on have stood for; so zeros + base says at which bit of that sequence the run ends.
 * From kp = 80 on each bit stands for 1024 zeros, which the limit of k makes come out right too. Then comes a one, and what
 * remains in k bits. zeros <= 4096. Returns the new kp.
 */
static inline uint32_t kg_put_run(struct kg_bits *to, uint32_t kp, uint32_t zeros, bool bit)
{
	uint32_t i = kp >> 2, u = zeros + ((2 + (i & 1)) << (i >> 1));
	uint32_t k = KG_MIN(kg_floor_log2(u) - 1, 10u), whole = u >> k, bits = 2 * k + whole - 2 - i;
	uint32_t rest = u - ((whole - 1) << k);		// the one and what remains

	kg_put(to, (uint64_t)rest << 1 | bit, bits + k + 2);
	kp = KG_MIN(kp + 4 * bits, (uint32_t)KG_KP_MAX);
	return kp > 6 ? kp - 6 : 0;
}
