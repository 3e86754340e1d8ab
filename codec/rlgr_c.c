/*
 * Stage 2 of RemoteFX in C: the adaptive run-length Golomb-Rice coder ([MS-RDPRFX] 3.1.8.1.7.3) over lists of the values
 * that are not 0. A run of zeros with the value behind it is one event with a closed form, so that the work follows the
 * events and not the 4096 values.
 */
#include "codec/c.h"

#define KP_MAX 80
#define KR_SHIFT 3		// kr = krp >> KR_SHIFT, and k = kp >> KR_SHIFT
#define START 8			// kp and krp at first

/* What the coder adapts, and the bits that wait to be whole bytes. */
struct coder {
	uint64_t bits;		// the last waiting ones count
	uint32_t waiting;	// 0 to 7
	uint32_t kp, krp;
	uint8_t *at;
};

/* count <= 56 */
static inline void put(struct coder *c, uint64_t bits, uint32_t count)
{
	uint64_t word;

	c->bits = c->bits << count | bits;
	c->waiting += count;
	word = __builtin_bswap64(c->bits << ((64 - c->waiting) & 63));
	memcpy(c->at, &word, sizeof(word));
	c->at += c->waiting >> 3;
	c->waiting &= 7;
}

static void put_many(struct coder *c, bool bit, uint32_t count)
{
	for (; count > 32; count -= 32)
		put(c, bit ? UINT32_MAX : 0, 32);
	put(c, bit ? (UINT64_C(1) << count) - 1 : 0, count);
}

static inline uint32_t floor_log2(uint32_t x)
{
	return 31 - (uint32_t)__builtin_clz(x);
}

/* The Golomb-Rice code of a number: its high part in ones, a zero, kr low bits. */
static inline void put_number(struct coder *c, uint32_t number)
{
	uint32_t kr = c->krp >> KR_SHIFT, ones = number >> kr;
	uint64_t low = number & ((1u << kr) - 1);

	if (__builtin_expect(ones > 40, 0)) {
		put_many(c, 1, ones);
		put(c, low, kr + 1);
	} else {
		put(c, ((UINT64_C(2) << ones) - 2) << kr | low, ones + kr + 1);
	}
	if (ones == 0)
		c->krp = c->krp > 2 ? c->krp - 2 : 0;
	else if (ones > 1)
		c->krp = KG_MIN(c->krp + ones, (uint32_t)KP_MAX);
}

/*
 * zeros, then the sign and magnitude of a value in run mode. A zero bit stands for 2^k zeros, and each raises kp by 4, k
 * being kp / 8: k thus grows with every second bit. With i = kp / 4, base(i) = (2 + i % 2) << (i / 2) is the count of zeros
 * that i bits from kp = 0 on have stood for, plus 2; so zeros + base(i) says where in that sequence the run ends.
 * From kp = 80 on each bit stands for 1024 zeros, which the limit of the logarithm makes come out right too.
 */
static inline void put_run(struct coder *c, uint32_t zeros, bool negative)
{
	uint32_t i = c->kp >> 2, u = zeros + ((2 + (i & 1)) << (i >> 1));
	uint32_t k = KG_MIN(floor_log2(u) - 1, 10u), whole = u >> k, bits = 2 * k + whole - 2 - i;
	uint32_t rest = u - ((whole - 1) << k);		// the one that ends the run, and k bits

	put(c, (uint64_t)rest << 1 | negative, bits + k + 2);
	c->kp = KG_MIN(c->kp + 4 * bits, (uint32_t)KP_MAX);
	c->kp = c->kp > 6 ? c->kp - 6 : 0;
}

/* Zeros that are coded as numbers, since kp is below 8. Each raises kp by 3. Returns how many remain. */
static inline uint32_t put_zeros(struct coder *c, uint32_t zeros)
{
	for (; zeros && c->kp < 8; zeros--) {
		put(c, 0, (c->krp >> KR_SHIFT) + 1);
		c->krp = c->krp > 2 ? c->krp - 2 : 0;
		c->kp += 3;
	}
	return zeros;
}

static inline void put_event(struct coder *c, uint32_t zeros, int value)
{
	uint32_t magnitude = (uint32_t)(value < 0 ? -value : value);

	zeros = put_zeros(c, zeros);
	if (c->kp >= 8) {
		put_run(c, zeros, value < 0);
		put_number(c, magnitude - 1);
	} else {
		put_number(c, 2 * magnitude - (value < 0));
		c->kp = c->kp > 3 ? c->kp - 3 : 0;
	}
}

static inline struct coder coder_of(uint8_t *bytes)
{
	return (struct coder){ .kp = START, .krp = START, .at = bytes };
}

static inline uint32_t finish(struct coder *c, const uint8_t *bytes)
{
	return (uint32_t)(c->at - bytes) + (c->waiting != 0);
}

static void rlgr1(struct kg_rfx_list *list)
{
	struct coder c = coder_of(list->bytes);
	uint32_t next = 0;

	for (uint32_t i = 0; i < list->count; i++) {
		put_event(&c, list->position[i] - next, list->value[i]);
		next = list->position[i] + 1u;
	}
	if (next < KG_RFX_VALUES) {
		uint32_t zeros = put_zeros(&c, KG_RFX_VALUES - next);

		if (zeros) {
			put_run(&c, zeros, false);
			put_number(&c, 0);
		}
	}
	list->size = finish(&c, list->bytes);
}

KG_RFX_RLGR_FN(kg_rfx_rlgr1_c)
{
	(void)scratch;
	for (uint32_t i = 0; i < count; i++)
		rlgr1(lists[i]);
}

/* ---- RLGR3: without runs, two values share a Golomb-Rice code ---- */

static inline uint32_t folded(int value)
{
	return value < 0 ? 2 * (uint32_t)-value - 1 : 2 * (uint32_t)value;
}

/* The sum of two folded values, and the first in as many bits as the sum has. */
static inline void put_pair(struct coder *c, uint32_t a, uint32_t b)
{
	uint32_t sum = a + b;

	put_number(c, sum);
	if (sum)
		put(c, a, floor_log2(sum) + 1);
	if (a && b)
		c->kp = c->kp > 6 ? c->kp - 6 : 0;
	else if (!sum)
		c->kp = KG_MIN(c->kp + 6, (uint32_t)KP_MAX);
}

static void rlgr3(struct kg_rfx_list *list)
{
	struct coder c = coder_of(list->bytes);
	const uint16_t *position = list->position;
	const int16_t *value = list->value;
	uint32_t i = 0, next = 0;

	while (next < KG_RFX_VALUES) {
		bool more = i < list->count;
		uint32_t zeros = (more ? position[i] : KG_RFX_VALUES) - next;

		if (c.kp >= 8) {
			int v = more ? value[i] : 1;

			put_run(&c, zeros, v < 0);
			put_number(&c, (uint32_t)(v < 0 ? -v : v) - 1);
			next += zeros + 1;
			i++;
		} else {
			uint32_t a = 0, b = 0;

			if (zeros == 0)
				a = folded(value[i++]);
			if (i < list->count && position[i] == next + 1)
				b = folded(value[i++]);
			put_pair(&c, a, b);
			next += 2;
		}
	}
	list->size = finish(&c, list->bytes);
}

KG_RFX_RLGR_FN(kg_rfx_rlgr3_c)
{
	(void)scratch;
	for (uint32_t i = 0; i < count; i++)
		rlgr3(lists[i]);
}
