/*
 * Stage 2 of RemoteFX in C: the adaptive run-length Golomb-Rice coder ([MS-RDPRFX] 3.1.8.1.7.3) over lists of the values
 * that are not 0. A run of zeros with the value behind it is one event: what has to be known of it is read from tables, and
 * its bits are put at once. So the work follows the events and not the 4096 values, and hardly a branch depends on them.
 */
#include "codec/bits.h"
#include "codec/c.h"
#include "codec/unrolled.h"

#define KP_MAX KG_KP_MAX
#define KR_SHIFT 3		// kr = krp >> KR_SHIFT, and k = kp >> KR_SHIFT
#define START KG_KP_START	// kp and krp at first
#define PUT_MAX 56		// bits that can be put at once
/* ---- tables ---- */

/*
 * An event, up to the number at its end: zeros from kp on, and a value. Where kp is below 8 the first zeros are coded as
 * numbers, and each of them raises kp by 3; from 8 on all zeros are a run, whose end stands in front of the value's sign
 * (see kg_put_run()). In one number, from its highest bit on: the code of the run (16 bits), its length in bits (6), whether
 * there is a run (1), how many zeros are numbers (2), and kp afterwards (7).
 */
#define EVENT(code, length, run, numbers, kp)                                                      \
	((uint32_t)(code) << 16 | (uint32_t)(length) << 10 | (uint32_t)(run) << 9 | (uint32_t)(numbers) << 7 | (uint32_t)(kp))
#define EVENT_CODE(event) ((event) >> 16)
#define EVENT_LENGTH(event) ((event) >> 10 & 63)
#define EVENT_RUN(event) ((event) >> 9 & 1)
#define EVENT_NUMBERS(event) ((event) >> 7 & 3)
#define EVENT_KP(event) ((event) & 127)
#define EVENT_TABLE 32		// zeros; more of them are rare

/* With u = zeros + base: see kg_put_run(). */
#define BASE(kp) ((2 + ((kp) / 4 & 1)) << ((kp) / 8))
#define LAST_K(u) (30 - __builtin_clz(u))
#define WHOLE(u) ((u) >> LAST_K(u))
#define ZERO_BITS(kp, u) (2 * LAST_K(u) + WHOLE(u) - 2 - (kp) / 4)
#define KP_AFTER(kp, bits) (((kp) + 4 * (bits) < KP_MAX ? (kp) + 4 * (bits) : KP_MAX) - 6)
#define RUN(kp, numbers, u)                                                                        \
	EVENT((u) - ((WHOLE(u) - 1) << LAST_K(u)), ZERO_BITS(kp, u) + LAST_K(u) + 1, 1, numbers, KP_AFTER(kp, ZERO_BITS(kp, u)))
#define RUN_2(kp, n, u) RUN(kp, n, u), RUN(kp, n, (u) + 1)
#define RUN_4(kp, n, u) RUN_2(kp, n, u), RUN_2(kp, n, (u) + 2)
#define RUN_8(kp, n, u) RUN_4(kp, n, u), RUN_4(kp, n, (u) + 4)
#define RUN_16(kp, n, u) RUN_8(kp, n, u), RUN_8(kp, n, (u) + 8)
#define RUN_28(kp, n, u) RUN_16(kp, n, u), RUN_8(kp, n, (u) + 16), RUN_4(kp, n, (u) + 24)
#define RUNS(kp) { RUN_16(kp, 0, BASE(kp)), RUN_16(kp, 0, BASE(kp) + 16) }
#define RUNS_4(kp) RUNS(kp), RUNS((kp) + 1), RUNS((kp) + 2), RUNS((kp) + 3)

/* Not yet a run: kp falls by 3 for the value. */
#define VALUE(kp, numbers) EVENT(0, 0, 0, numbers, (kp) + 3 * (numbers) > 3 ? (kp) + 3 * (numbers) - 3 : 0)
#define AFTER_1(kp) { VALUE(kp, 0), RUN_28((kp) + 3, 1, 4), RUN_2((kp) + 3, 1, 32), RUN((kp) + 3, 1, 34) }
#define AFTER_2(kp) { VALUE(kp, 0), VALUE(kp, 1), RUN_28((kp) + 6, 2, 4), RUN_2((kp) + 6, 2, 32) }
#define AFTER_3(kp) { VALUE(kp, 0), VALUE(kp, 1), VALUE(kp, 2), RUN_28((kp) + 9, 3, 4), RUN((kp) + 9, 3, 32) }

static const uint32_t event_table[KP_MAX + 1][EVENT_TABLE] = {
	AFTER_3(0), AFTER_3(1), AFTER_2(2), AFTER_2(3), AFTER_2(4), AFTER_1(5), AFTER_1(6), AFTER_1(7),
	RUNS_4(8), RUNS_4(12), RUNS_4(16), RUNS_4(20), RUNS_4(24), RUNS_4(28), RUNS_4(32), RUNS_4(36), RUNS_4(40),
	RUNS_4(44), RUNS_4(48), RUNS_4(52), RUNS_4(56), RUNS_4(60), RUNS_4(64), RUNS_4(68), RUNS_4(72), RUNS_4(76), RUNS(80),
};

/* The bits of so many zeros as numbers, each of which is kr + 1 zero bits and lowers krp by 2, by krp. */
#define ZERO_NUMBER(krp) (((krp) < 0 ? 0 : (krp) >> KR_SHIFT) + 1)
#define ZERO_NUMBERS(krp)                                                                          \
	{ 0, ZERO_NUMBER(krp), ZERO_NUMBER(krp) + ZERO_NUMBER((krp) - 2),                          \
	  ZERO_NUMBER(krp) + ZERO_NUMBER((krp) - 2) + ZERO_NUMBER((krp) - 4) }
#define ZERO_NUMBERS_8(krp)                                                                        \
	ZERO_NUMBERS(krp), ZERO_NUMBERS((krp) + 1), ZERO_NUMBERS((krp) + 2), ZERO_NUMBERS((krp) + 3), \
	ZERO_NUMBERS((krp) + 4), ZERO_NUMBERS((krp) + 5), ZERO_NUMBERS((krp) + 6), ZERO_NUMBERS((krp) + 7)

static const uint8_t zero_numbers[KP_MAX + 1][4] = {
	ZERO_NUMBERS_8(0), ZERO_NUMBERS_8(8), ZERO_NUMBERS_8(16), ZERO_NUMBERS_8(24), ZERO_NUMBERS_8(32), ZERO_NUMBERS_8(40),
	ZERO_NUMBERS_8(48), ZERO_NUMBERS_8(56), ZERO_NUMBERS_8(64), ZERO_NUMBERS_8(72), ZERO_NUMBERS(80),
};

/* ---- what the coder adapts ---- */

struct coder {
	struct kg_bits to;
	uint32_t kp, krp;
};

static inline struct coder coder_of(uint8_t *bytes)
{
	return (struct coder){ .to.at = bytes, .kp = START, .krp = START };
}

/* parameter - by, not below 0. Without a branch, as they would be foreseen badly here. */
INLINE uint32_t lowered(uint32_t parameter, uint32_t by)
{
	int32_t left = (int32_t)(parameter - by);

	return (uint32_t)(left & ~(left >> 31));
}

/* krp behind a number with so many ones: down by 2 for none, the same for one, else up. */
INLINE uint32_t krp_after(uint32_t krp, uint32_t ones)
{
	return KG_MIN(lowered(krp + ones, lowered(2, ones)), (uint32_t)KP_MAX);
}

/* Bits whose count may be more than what can be put at once: zeros, a head, the Golomb-Rice code of a number. */
static __attribute__((noinline)) struct kg_bits put_long(struct kg_bits to, uint32_t zeros, uint64_t head, uint32_t length,
							 uint32_t number, uint32_t kr)
{
	uint32_t ones = number >> kr;

	kg_put_same(&to, false, zeros);
	kg_put(&to, head, length);
	kg_put_same(&to, true, ones);
	kg_put(&to, number & ((1u << kr) - 1), kr + 1);
	return to;
}

/* zeros bits of 0, a head of length bits, and the Golomb-Rice code of a number: its high part in ones, a zero, kr low bits. */
INLINE void put_all(struct coder *c, uint32_t zeros, uint64_t head, uint32_t length, uint32_t number)
{
	uint32_t kr = c->krp >> KR_SHIFT, ones = number >> kr, size = ones + 1 + kr, unit = 1u << kr;

	c->krp = krp_after(c->krp, ones);
	if (__builtin_expect(zeros + length + size > PUT_MAX, 0)) {
		c->to = put_long(c->to, zeros, head, length, number, kr);
		return;
	}
	/* That code is 2^size - 2^(kr + 1) and the low bits. */
	kg_put(&c->to, ((head + 1) << size) - 2 * unit + (number & (unit - 1)), zeros + length + size);
}

/* What the table does not have. */
static uint32_t long_event(uint32_t kp, uint32_t zeros)
{
	uint32_t numbers = kp < 8 ? EVENT_NUMBERS(event_table[kp][EVENT_TABLE - 1]) : 0, at = kp + 3 * numbers;
	uint32_t u = zeros - numbers + BASE(at), k = KG_MIN(kg_floor_log2(u) - 1, 10u), whole = u >> k;
	uint32_t bits = 2 * k + whole - 2 - at / 4;

	return EVENT(u - ((whole - 1) << k), bits + k + 1, 1, numbers, KP_AFTER(at, bits));
}

INLINE uint32_t event_of(uint32_t kp, uint32_t zeros)
{
	return __builtin_expect(zeros < EVENT_TABLE, 1) ? event_table[kp][zeros] : long_event(kp, zeros);
}

/* ---- RLGR1 ---- */

/* zeros, and the value behind them. */
INLINE void put_event(struct coder *c, uint32_t zeros, int value)
{
	uint32_t event = event_of(c->kp, zeros), numbers = EVENT_NUMBERS(event), run = EVENT_RUN(event);
	uint32_t negative = value < 0, magnitude = (uint32_t)(negative ? -value : value);
	uint32_t bits = zero_numbers[c->krp][numbers];

	c->kp = EVENT_KP(event);
	c->krp = lowered(c->krp, 2 * numbers);
	/* magnitude - 1 behind a run, else folded: 2 * magnitude - negative */
	put_all(c, bits, EVENT_CODE(event) << run | (run & negative), EVENT_LENGTH(event) + run,
		(magnitude << (1 - run)) - (run | negative));
}

/* The zeros behind the last value: numbers, and a run to the end of which a value belongs. */
static struct coder put_last_zeros(struct coder c, uint32_t zeros)
{
	uint32_t event = event_of(c.kp, zeros), numbers = EVENT_NUMBERS(event);

	if (zeros > numbers)
		put_event(&c, zeros, 1);
	else
		kg_put(&c.to, 0, zero_numbers[c.krp][numbers]);
	return c;
}

static void rlgr1(struct kg_rfx_list *list)
{
	struct coder c = coder_of(list->bytes);
	const uint16_t *position = list->position;
	const int16_t *value = list->value;
	uint32_t next = 0;

	for (uint32_t i = 0, count = list->count; i < count; i++) {
		put_event(&c, position[i] - next, value[i]);
		next = position[i] + 1u;
	}
	c = put_last_zeros(c, KG_RFX_VALUES - next);
	list->size = kg_bits_size(&c.to, list->bytes);
}

KG_RFX_RLGR_FN(kg_rfx_rlgr1_c)
{
	(void)scratch;
	for (uint32_t i = 0; i < count; i++)
		rlgr1(lists[i]);
}

/* ---- RLGR3: outside of runs, two values share a number ---- */

INLINE uint32_t folded(int value)
{
	return (uint32_t)(2 * value ^ value >> 31);
}

/* The sum of two folded values, and the first in as many bits as the sum has. Only below kp = 8. */
INLINE void put_pair(struct coder *c, uint32_t a, uint32_t b)
{
	uint32_t sum = a + b, bits = kg_floor_log2(2 * sum + 1);
	uint32_t kr = c->krp >> KR_SHIFT, ones = sum >> kr, size = ones + 1 + kr, unit = 1u << kr;

	if (__builtin_expect(size + bits > PUT_MAX, 0)) {
		c->to = put_long(c->to, 0, 0, 0, sum, kr);
		kg_put(&c->to, a, bits);
	} else {
		kg_put(&c->to, ((UINT64_C(1) << size) - 2 * unit + (sum & (unit - 1))) << bits | a, size + bits);
	}
	c->krp = krp_after(c->krp, ones);
	c->kp = lowered(c->kp + (sum ? 0 : 6), a && b ? 6 : 0);
}

static void rlgr3(struct kg_rfx_list *list)
{
	struct coder c = coder_of(list->bytes);
	const uint16_t *position = list->position;
	const int16_t *value = list->value;
	uint32_t next = 0;

	list->position[list->count] = KG_RFX_VALUES;	// the run at the end leads to a value that no decoder takes
	list->value[list->count] = 1;
	while (next < KG_RFX_VALUES) {
		if (c.kp >= 8) {
			uint32_t event = event_of(c.kp, *position - next), negative = *value < 0;

			c.kp = EVENT_KP(event);
			put_all(&c, 0, EVENT_CODE(event) << 1 | negative, EVENT_LENGTH(event) + 1,
				(uint32_t)(negative ? -*value : *value) - 1);
			next = *position++ + 1u;
			value++;
		} else {	// whether there are values is foreseen badly: without a branch
			uint32_t is_first = *position == next, a = folded(*value) & (0 - is_first), is_second, b;

			position += is_first;
			value += is_first;
			is_second = *position == next + 1 && next + 1 < KG_RFX_VALUES;
			b = folded(*value) & (0 - is_second);
			position += is_second;
			value += is_second;
			put_pair(&c, a, b);
			next += 2;
		}
	}
	list->size = kg_bits_size(&c.to, list->bytes);
}

KG_RFX_RLGR_FN(kg_rfx_rlgr3_c)
{
	(void)scratch;
	for (uint32_t i = 0; i < count; i++)
		rlgr3(lists[i]);
}
