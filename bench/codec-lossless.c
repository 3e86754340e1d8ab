/* Exact codecs: planar by tiles, and ZGFX around it. */
#include "bench/codecs.h"

#include <math.h>

/* ---- planar ---- */

struct planar {
	const struct kg_subject *subject;
	uint8_t *bytes;			// room bytes for each tile
	size_t *sizes;
	uint8_t *scratch;		// scratch_size bytes for each thread
	size_t room, scratch_size;
};

static void planar_free(void *state)
{
	struct planar *p = state;

	if (!p)
		return;
	free(p->bytes);
	free(p->sizes);
	free(p->scratch);
	free(p);
}

static int planar_new(void **ret, const struct kg_subject *subject)
{
	struct planar *p = calloc(1, sizeof(*p));
	size_t tiles = (size_t)subject->columns * subject->rows;

	if (!p)
		return -ENOMEM;
	p->subject = subject;
	p->room = kg_planar_bound(KG_TILE, KG_TILE, 0);
	p->scratch_size = (kg_planar_scratch(KG_TILE, KG_TILE) + 63) / 64 * 64;
	p->bytes = malloc(tiles * p->room);
	p->sizes = calloc(tiles, sizeof(*p->sizes));
	p->scratch = malloc(kg_work_threads(subject->work) * p->scratch_size);
	if (!p->bytes || !p->sizes || !p->scratch) {
		planar_free(p);
		return -ENOMEM;
	}
	*ret = p;
	return 0;
}

static void planar_row(void *data, uint32_t y, uint32_t thread)
{
	struct planar *p = data;
	const struct kg_subject *s = p->subject;

	for (uint32_t x = 0; x < s->columns; x++) {
		const struct kg_image tile = kg_bench_tile(&s->now, x, y);
		size_t i = (size_t)y * s->columns + x;

		p->sizes[i] = kg_planar_encode(s->dsp, &tile, 0, p->bytes + i * p->room, p->room,
					       p->scratch + thread * p->scratch_size);
	}
}

static size_t planar_encode(void *state)
{
	struct planar *p = state;
	size_t size = 0;

	kg_work_run(p->subject->work, p->subject->rows, planar_row, p);
	for (size_t i = 0; i < (size_t)p->subject->columns * p->subject->rows; i++)
		size += p->sizes[i];
	return size;
}

static double planar_quality(void *state, struct kg_oracle *oracle)
{
	struct planar *p = state;
	const struct kg_subject *s = p->subject;

	for (uint32_t y = 0; y < s->rows; y++)
		for (uint32_t x = 0; x < s->columns; x++) {
			const struct kg_image tile = kg_bench_tile(&s->now, x, y);
			size_t i = (size_t)y * s->columns + x;

			if (!kg_oracle_decode(oracle, p->bytes + i * p->room, p->sizes[i], x * KG_TILE, y * KG_TILE, tile.width,
					      tile.height))
				return NAN;
		}
	return kg_oracle_quality(oracle, &s->now);
}

static size_t planar_theirs(void *state, struct kg_oracle *oracle)
{
	struct planar *p = state;

	return kg_oracle_encode(oracle, &p->subject->now);
}

const struct kg_bench_codec kg_bench_planar = {
	.name = "planar",
	.what = "run lengths over colour planes, by tiles; exact",
	.oracle = KG_ORACLE_PLANAR,
	.new = planar_new,
	.free = planar_free,
	.encode = planar_encode,
	.quality = planar_quality,
	.theirs = planar_theirs,
};

/* ---- ZGFX ---- */

struct zgfx {
	struct kg_zgfx zgfx;
	uint8_t *from, *to;
	size_t *sizes;			// of the segments
	size_t size, count;		// bytes of from, and segments
};

static void zgfx_free(void *state)
{
	struct zgfx *z = state;

	if (!z)
		return;
	free(z->from);
	free(z->to);
	free(z->sizes);
	free(z);
}

/* What planar makes of all tiles, as one piece. */
static int zgfx_source(struct zgfx *z, const struct kg_subject *subject)
{
	void *state;
	struct planar *p;
	size_t count = (size_t)subject->columns * subject->rows, size = 0;
	int r = planar_new(&state, subject);

	if (r < 0)
		return r;
	p = state;
	z->size = planar_encode(p);
	z->from = malloc(z->size);
	for (size_t i = 0; z->from && i < count; size += p->sizes[i++])
		memcpy(z->from + size, p->bytes + i * p->room, p->sizes[i]);
	planar_free(p);
	return z->from ? 0 : -ENOMEM;
}

static int zgfx_new(void **ret, const struct kg_subject *subject)
{
	struct zgfx *z = calloc(1, sizeof(*z));
	int r;

	if (!z)
		return -ENOMEM;
	r = zgfx_source(z, subject);
	if (r < 0)
		goto fail;
	r = -ENOMEM;
	z->count = (z->size + KG_ZGFX_SEGMENT_MAX - 1) / KG_ZGFX_SEGMENT_MAX;
	z->to = malloc(z->count * (1 + KG_ZGFX_SEGMENT_MAX + KG_ZGFX_SLACK));
	z->sizes = calloc(z->count, sizeof(*z->sizes));
	if (!z->to || !z->sizes)
		goto fail;
	*ret = z;
	return 0;

fail:
	zgfx_free(z);
	return r;
}

static void zgfx_prepare(void *state)
{
	struct zgfx *z = state;

	kg_zgfx_init(&z->zgfx);
}

static size_t zgfx_encode(void *state)
{
	struct zgfx *z = state;
	size_t size = 0;

	for (size_t i = 0, at = 0; i < z->count; i++, at += KG_ZGFX_SEGMENT_MAX) {
		size_t part = KG_MIN(z->size - at, (size_t)KG_ZGFX_SEGMENT_MAX);

		memcpy(kg_zgfx_room(&z->zgfx), z->from + at, part);
		z->sizes[i] = kg_zgfx_segment(&z->zgfx, part, z->to + size);
		size += z->sizes[i];
	}
	return size;
}

/* A segment travels as RDP_SEGMENTED_DATA with the descriptor "single" before it ([MS-RDPEGFX] 2.2.5.1). */
static double zgfx_quality(void *state, struct kg_oracle *oracle)
{
	struct zgfx *z = state;
	static uint8_t message[2 + KG_ZGFX_SEGMENT_MAX + KG_ZGFX_SLACK];
	size_t at = 0;

	message[0] = 0xe0;
	for (size_t i = 0; i < z->count; at += z->sizes[i++]) {
		size_t part = KG_MIN(z->size - i * KG_ZGFX_SEGMENT_MAX, (size_t)KG_ZGFX_SEGMENT_MAX);

		memcpy(message + 1, z->to + at, z->sizes[i]);
		if (!kg_oracle_decodes_to(oracle, message, 1 + z->sizes[i], z->from + i * KG_ZGFX_SEGMENT_MAX, part))
			return NAN;
	}
	return INFINITY;
}

static size_t zgfx_theirs(void *state, struct kg_oracle *oracle)
{
	struct zgfx *z = state;

	return kg_oracle_encode_bytes(oracle, z->from, z->size);
}

const struct kg_bench_codec kg_bench_zgfx = {
	.name = "zgfx",
	.what = "bulk compression of what planar makes; exact",
	.oracle = KG_ORACLE_ZGFX,
	.new = zgfx_new,
	.free = zgfx_free,
	.prepare = zgfx_prepare,
	.encode = zgfx_encode,
	.quality = zgfx_quality,
	.theirs = zgfx_theirs,
};
