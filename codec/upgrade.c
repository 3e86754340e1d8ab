/* SRL and raw bits. */
#include "codec/upgrade.h"

#include "codec/bits.h"

struct coder {
	struct kg_bits srl, raw;
	uint32_t kp, zeros;
	const uint16_t *position;	// of the next entry of the list
	const int16_t *value;
};

/* A value that was 0 so far and is not any more: magnitude - 1 zeros, ended by a one unless it is the greatest. */
static inline void put_first(struct coder *c, uint32_t magnitude, bool negative, uint32_t greatest)
{
	uint32_t ended = magnitude != greatest;

	c->kp = kg_put_run(&c->srl, c->kp, c->zeros, negative);
	c->zeros = 0;
	if (__builtin_expect(magnitude > 32, 0)) {
		kg_put(&c->srl, 0, 32);
		magnitude -= 32;
	}
	kg_put(&c->srl, ended, magnitude - 1 + ended);
}

/* Zeros at the end need no end: a zero bit for 2^k of them, until there are enough. */
static void put_last_zeros(struct coder *c)
{
	while (c->zeros) {
		uint32_t run = 1u << (c->kp >> 3);

		kg_put(&c->srl, 0, 1);
		c->zeros -= KG_MIN(run, c->zeros);
		c->kp = KG_MIN(c->kp + 4, (uint32_t)KG_KP_MAX);
	}
}

/* The entries of a band. Those that were not 0 before send raw bits, which is done without a branch: half of them do. */
static struct coder put_band(struct coder c, uint32_t next, uint32_t end, uint32_t bits, uint32_t to)
{
	uint32_t greatest = (1u << bits) - 1;

	for (; *c.position < end; c.position++, c.value++) {
		int value = *c.value;
		uint32_t magnitude = (uint32_t)(value < 0 ? -value : value) >> to, raw = magnitude > greatest;

		c.zeros += *c.position - next;
		next = *c.position + 1u;
		kg_put(&c.raw, magnitude & greatest & (0 - raw), bits & (0 - raw));
		if (magnitude && !raw)
			put_first(&c, magnitude, value < 0, greatest);
		else
			c.zeros += !raw;
	}
	c.zeros += end - next;
	return c;
}

/* LL3, which was rounded down and not towards 0: the bits as they are. */
static struct coder put_last_band(struct coder c, uint32_t start, uint32_t end, uint32_t bits, uint32_t to)
{
	int value = 0;

	for (uint32_t i = start; i < end; i++) {
		if (*c.position == i) {
			value += *c.value++;
			c.position++;
		}
		kg_put(&c.raw, (uint32_t)(value >> to) & ((1u << bits) - 1), bits);
	}
	return c;
}

struct kg_upgrade_size kg_upgrade_encode(const struct kg_upgrade *pass, const struct kg_rfx_list *list, uint8_t *srl, uint8_t *raw)
{
	struct coder c = { .srl.at = srl, .raw.at = raw, .kp = KG_KP_START, .position = list->position, .value = list->value };
	uint32_t size;

	list->position[list->count] = 0xffff;	// behind all bands
	for (unsigned band = 0; band < pass->count; band++) {
		uint32_t to = pass->to[band], bits = pass->from[band] - to, start = pass->start[band], end = pass->start[band + 1];

		if (band + 1 == pass->count)
			c = put_last_band(c, start, end, bits, to);
		else if (bits)
			c = put_band(c, start, end, bits, to);
		else
			for (; *c.position < end; c.position++)
				c.value++;
	}
	put_last_zeros(&c);
	size = kg_bits_size(&c.srl, srl);
	if (size)
		srl[size++] = 0;	// always there (3.1.8.1.5)
	return (struct kg_upgrade_size){ size, kg_bits_size(&c.raw, raw) };
}
