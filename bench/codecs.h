/* The codecs that codec-bench measures, each as a whole picture through its public functions. */
#pragma once

#include "bench/oracle.h"
#include "bench/work.h"
#include "codec/codec.h"

/* What is encoded and by what; constant. */
struct kg_subject {
	const struct kg_dsp *dsp;
	struct kg_work *work;
	struct kg_image now, before;		// of one size
	uint32_t columns, rows;			// of tiles
};

struct kg_bench_codec {
	const char *name;
	const char *what;			// in words
	enum kg_oracle_kind oracle;		// FreeRDP's twin
	bool sequences;				// looks at what changes: for such pictures too

	int (*new)(void **ret, const struct kg_subject *subject);
	void (*free)(void *state);
	void (*prepare)(void *state);		// optional: before each encode(), not measured

	/* Returns the bytes that go to a client, 0 for what only looks; SIZE_MAX when it fails. */
	size_t (*encode)(void *state);

	/* Of what encode() made last, by FreeRDP's decoder: PSNR in dB, INFINITY: exact, NAN: refused. Optional. */
	double (*quality)(void *state, struct kg_oracle *oracle);

	/* FreeRDP at the same work; optional: it has none. */
	size_t (*theirs)(void *state, struct kg_oracle *oracle);
};

extern const struct kg_bench_codec *const kg_bench_codecs[];
extern const size_t kg_bench_codecs_count;

/* The tile with its top left corner at x, y tiles, cut at the edges. */
static inline struct kg_image kg_bench_tile(const struct kg_image *image, uint32_t x, uint32_t y)
{
	return (struct kg_image){
		.pixels = kg_image_at(image, x * KG_TILE, y * KG_TILE),
		.width = KG_MIN(image->width - x * KG_TILE, KG_TILE + 0u),
		.height = KG_MIN(image->height - y * KG_TILE, KG_TILE + 0u),
		.stride = image->stride,
	};
}

/* Keys that are as good as random ones, and the same in every process. */
#define KG_BENCH_CLEAR_KEY ((const uint8_t *)"sixteen of them.")

static inline void kg_bench_hash_key(struct kg_hash_key *key)
{
	uint8_t *bytes = (uint8_t *)key;

	for (size_t i = 0; i < sizeof(*key); i++)
		bytes[i] = (uint8_t)(i * 167 + (i >> 5));
}

/* codec-rfx.c */
extern const struct kg_bench_codec kg_bench_progressive, kg_bench_first, kg_bench_upgrade1, kg_bench_upgrade2, kg_bench_upgrade3,
	kg_bench_rlgr1, kg_bench_rlgr3;
/* codec-clear.c */
extern const struct kg_bench_codec kg_bench_clear;
/* codec-lossless.c */
extern const struct kg_bench_codec kg_bench_planar, kg_bench_zgfx;
/* codec-analysis.c */
extern const struct kg_bench_codec kg_bench_memcmp, kg_bench_read, kg_bench_compare, kg_bench_damage, kg_bench_hash,
	kg_bench_classify, kg_bench_motion, kg_bench_analysis;
/* codec-view.c */
extern const struct kg_bench_codec kg_bench_frame;
