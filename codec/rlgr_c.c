/*
 * Stage 2 of RemoteFX in C: the adaptive run-length Golomb-Rice coder ([MS-RDPRFX] 3.1.8.1.7.3) over lists of the values
 * that are not 0. A run of zeros with the value behind it is one event with a closed form, so that the work follows the
 * events and not the 4096 values.
 */
#include "codec/bits.h"
#include "codec/c.h"

#define KP_MAX KG_KP_MAX
#define KR_SHIFT 3		// kr = krp >> KR_SHIFT, and k = kp >> KR_SHIFT
#define START KG_KP_START	// kp and krp at first

/* What the coder adapts. */
struct coder {
	struct kg_bits to;
	uint32_t kp, krp;
};

/* The Golomb-Rice code of a number: its high part in ones, a zero, kr low bits. */
static inline void put_number(struct coder *c, uint32_t number)
{
	uint32_t kr = c->krp >> KR_SHIFT, ones = number >> kr;
	uint64_t low = number & ((1u << kr) - 1);

	if (__builtin_expect(ones > 40, 0)) {
		kg_put_same(&c->to, true, ones);
		kg_put(&c->to, low, kr + 1);
	} else {
		kg_put(&c->to, ((UINT64_C(2) << ones) - 2) << kr | low, ones + kr + 1);
	}
	if (ones == 0)
		c->krp = c->krp > 2 ? c->krp - 2 : 0;
	else if (ones > 1)
		c->krp = KG_MIN(c->krp + ones, (uint32_t)KP_MAX);
}

/* Zeros that are coded as numbers, since kp is below 8. Each raises kp by 3. Returns how many remain. */
static inline uint32_t put_zeros(struct coder *c, uint32_t zeros)
{
	for (; zeros && c->kp < 8; zeros--) {
		kg_put(&c->to, 0, (c->krp >> KR_SHIFT) + 1);
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
		c->kp = kg_put_run(&c->to, c->kp, zeros, value < 0);
		put_number(c, magnitude - 1);
	} else {
		put_number(c, 2 * magnitude - (value < 0));
		c->kp = c->kp > 3 ? c->kp - 3 : 0;
	}
}

static inline struct coder coder_of(uint8_t *bytes)
{
	return (struct coder){ .to.at = bytes, .kp = START, .krp = START };
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
			c.kp = kg_put_run(&c.to, c.kp, zeros, false);
			put_number(&c, 0);
		}
	}
	list->size = kg_bits_size(&c.to, list->bytes);
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
		kg_put(&c->to, a, kg_floor_log2(sum) + 1);
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

			c.kp = kg_put_run(&c.to, c.kp, zeros, v < 0);
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
	list->size = kg_bits_size(&c.to, list->bytes);
}

KG_RFX_RLGR_FN(kg_rfx_rlgr3_c)
{
	(void)scratch;
	for (uint32_t i = 0; i < count; i++)
		rlgr3(lists[i]);
}
