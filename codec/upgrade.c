/* SRL and raw bits. */
#include "codec/upgrade.h"

#include "codec/bits.h"

struct coder {
	struct kg_bits srl, raw;
	uint32_t kp, zeros;
};

/* A value that was 0 so far and is not any more: magnitude - 1 zeros, ended by a one unless it is the greatest. */
static void put_first(struct coder *c, uint32_t magnitude, bool negative, uint32_t bits)
{
	uint32_t greatest = (1u << bits) - 1;

	c->kp = kg_put_run(&c->srl, c->kp, c->zeros, negative);
	c->zeros = 0;
	kg_put_same(&c->srl, false, magnitude - 1);
	if (magnitude != greatest)
		kg_put(&c->srl, 1, 1);
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

static void put_band(struct coder *c, const int16_t *values, uint32_t count, uint32_t from, uint32_t to)
{
	uint32_t bits = from - to, mask = (1u << bits) - 1;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t magnitude;
		uint64_t four;

		if (i + 4 <= count && (memcpy(&four, values + i, sizeof(four)), !four)) {
			c->zeros += 4;
			i += 3;
			continue;
		}
		magnitude = (uint32_t)(values[i] < 0 ? -values[i] : values[i]) >> to;
		if (magnitude > mask)		// it was not 0 before
			kg_put(&c->raw, magnitude & mask, bits);
		else if (magnitude)
			put_first(c, magnitude, values[i] < 0, bits);
		else
			c->zeros++;
	}
}

struct kg_upgrade_size kg_upgrade_encode(const struct kg_upgrade *pass, const int16_t *values, uint8_t *srl, uint8_t *raw)
{
	struct coder c = { .srl.at = srl, .raw.at = raw, .kp = KG_KP_START };
	uint32_t size;

	for (unsigned band = 0; band < pass->count; band++) {
		uint32_t from = pass->from[band], to = pass->to[band], bits = from - to;
		const int16_t *at = values + pass->start[band];
		uint32_t count = (uint32_t)(pass->start[band + 1] - pass->start[band]);

		if (!bits)
			continue;
		if (band + 1 < pass->count) {
			put_band(&c, at, count, from, to);
			continue;
		}
		for (uint32_t i = 0; i < count; i++)	// LL3 was rounded down, not towards 0
			kg_put(&c.raw, (uint32_t)(at[i] >> to) & ((1u << bits) - 1), bits);
	}
	put_last_zeros(&c);
	size = kg_bits_size(&c.srl, srl);
	if (size)
		srl[size++] = 0;	// always there (3.1.8.1.5)
	return (struct kg_upgrade_size){ size, kg_bits_size(&c.raw, raw) };
}
