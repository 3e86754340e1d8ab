/* Bits of the simplified run-length coder, by single entries: see codec/upgrade.h. Its runs are those of codec/bits.h. */
#pragma once

#include "codec/bits.h"
#include "codec/upgrade.h"

/* The magnitude of an entry. */
static inline void kg_put_unary(struct kg_bits *to, int value)
{
	uint32_t length = (uint32_t)value & KG_SRL_LENGTH;

	if (__builtin_expect(length > 32, 0)) {
		kg_put(to, 0, 32);
		length -= 32;
	}
	kg_put(to, (uint32_t)value >> KG_SRL_ENDED_SHIFT & 1, length);
}

/* The zero bits that tell of at least so many zeros (at least 1) from kp on: one more than those of a run one shorter. */
static inline uint32_t kg_srl_zero_bits(uint32_t kp, uint32_t zeros)
{
	uint32_t i = kp >> 2, u = zeros - 1 + ((2 + (i & 1)) << (i >> 1)), k = KG_MIN(kg_floor_log2(u) - 1, 10u);

	return 2 * k + (u >> k) - 1 - i;	// see kg_put_run()
}

/* Zeros behind the last entry need no end. Returns the size of all since start. */
static inline uint32_t kg_srl_end(struct kg_bits *to, uint32_t kp, uint32_t zeros, uint8_t *start)
{
	uint32_t size;

	kg_put(to, 0, zeros ? kg_srl_zero_bits(kp, zeros) : 0);
	size = kg_bits_size(to, start);
	if (size)
		start[size++] = 0;
	return size;
}
