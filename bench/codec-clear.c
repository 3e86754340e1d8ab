/* ClearCodec: the whole picture for a client that has seen nothing, in strips between lines of text. */
#include "bench/codecs.h"

#include <math.h>

struct strip {
	struct kg_image image;
	uint32_t y;
	struct kg_clear_plan *plan;
	size_t at, size;		// of its message
};

struct clear {
	const struct kg_subject *subject;
	struct kg_clear clear;
	struct strip *strips;
	uint32_t count, room;		// of strips
	uint8_t *scratch, *bytes;
	size_t scratch_size, bound;	// of a strip
};

static void clear_free(void *state)
{
	struct clear *c = state;

	if (!c)
		return;
	free(c->strips);
	free(c->scratch);
	free(c->bytes);
	free(c);
}

/* Where the strips are; how many there are. */
static uint32_t cut(struct clear *c, struct strip *strips, uint32_t room)
{
	const struct kg_image *now = &c->subject->now;
	uint32_t count = 0;

	for (uint32_t y = 0, height; y < now->height; y += height, count++) {
		struct kg_image rest = { now->pixels + y * now->stride, now->width, now->height - y, now->stride };

		rest.height = height = kg_clear_rows(c->subject->dsp, &rest);
		if (count < room)
			strips[count] = (struct strip){ .image = rest, .y = y };
	}
	return count;
}

static int clear_new(void **ret, const struct kg_subject *subject)
{
	const struct kg_image *now = &subject->now;
	uint32_t height = KG_MAX(KG_MIN((uint32_t)KG_CLEAR_AREA_MAX / now->width, now->height), 1u);
	struct clear *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->subject = subject;
	c->room = cut(c, NULL, 0);
	c->scratch_size = (kg_clear_scratch(now->width, height) + 63) / 64 * 64;
	c->bound = kg_clear_bound(now->width, height);
	c->strips = calloc(c->room, sizeof(*c->strips));
	c->scratch = malloc(c->room * c->scratch_size);
	c->bytes = malloc(c->room * c->bound);
	if (!c->strips || !c->scratch || !c->bytes) {
		clear_free(c);
		return -ENOMEM;
	}
	*ret = c;
	return 0;
}

static void clear_prepare(void *state)
{
	struct clear *c = state;

	kg_clear_init(&c->clear, KG_BENCH_CLEAR_KEY);
}

static void analyse_strip(void *data, uint32_t i, uint32_t thread)
{
	struct clear *c = data;

	c->strips[i].plan = kg_clear_analyse(c->subject->dsp, &c->clear, &c->strips[i].image, c->scratch + i * c->scratch_size);
}

static size_t clear_encode(void *state)
{
	struct clear *c = state;
	size_t at = 0;

	c->count = cut(c, c->strips, c->room);
	kg_work_run(c->subject->work, c->count, analyse_strip, c);
	for (uint32_t i = 0; i < c->count; i++) {
		struct strip *strip = &c->strips[i];

		strip->at = at;
		strip->size = strip->plan ? kg_clear_encode(&c->clear, strip->plan, 0, c->bytes + at, c->bound) : 0;
		if (!strip->size)
			return SIZE_MAX;
		at += strip->size;
	}
	return at;
}

static double clear_quality(void *state, struct kg_oracle *oracle)
{
	struct clear *c = state;

	for (uint32_t i = 0; i < c->count; i++) {
		const struct strip *strip = &c->strips[i];

		if (!kg_oracle_decode(oracle, c->bytes + strip->at, strip->size, 0, strip->y, strip->image.width,
				      strip->image.height))
			return NAN;
	}
	return kg_oracle_quality(oracle, &c->subject->now);
}

const struct kg_bench_codec kg_bench_clear = {
	.name = "clear",
	.what = "ClearCodec, for a client that has seen nothing; exact",
	.oracle = KG_ORACLE_CLEAR,
	.new = clear_new,
	.free = clear_free,
	.prepare = clear_prepare,
	.encode = clear_encode,
	.quality = clear_quality,
};
