/* RemoteFX: progressive (complete tiles, a first pass, each upgrade) and classic, by batches of at most two rows of tiles. */
#include "bench/codecs.h"

#include <math.h>

#define BATCH_ROWS 2			// rows of tiles in a job, at most

struct rfx;

/* What differs between the two streams. */
struct kind {
	/* Writes the tiles of a job; how many were written, and how many there are to *ret. */
	uint32_t (*tiles)(struct rfx *rfx, uint32_t job, uint32_t thread, struct kg_writer *to, uint32_t *ret);
	void (*begin)(struct rfx *rfx, struct kg_writer *to);
	void (*add)(struct rfx *rfx, const uint8_t *bytes, size_t size, uint32_t count);
	int (*end)(struct rfx *rfx);
};

struct job {
	uint8_t *bytes;			// where there are threads: its own, room bytes
	size_t size;
	uint32_t count, missing;	// tiles written, and tiles that had no room
};

struct rfx {
	const struct kg_subject *subject;
	const struct kind *kind;
	struct kg_rfx_batch *batches;	// of each thread
	uint8_t *memory;		// of the batches
	struct job *jobs;
	uint32_t job_count, share;	// tiles of a job
	uint8_t *bytes;			// of all
	size_t room, job_room, size;

	struct kg_progressive_ladder ladder;
	struct kg_progressive region;
	struct kg_progressive_tile *tiles;
	uint8_t from, to;		// passes
	uint32_t frame;

	struct kg_rfx_stream stream;
	struct kg_rfx_frame classic;
	struct kg_rfx_stream_tile *classic_tiles;
};

static void rfx_free(void *state)
{
	struct rfx *rfx = state;

	if (!rfx)
		return;
	for (uint32_t i = 0; rfx->jobs && i < rfx->job_count; i++)
		free(rfx->jobs[i].bytes);
	free(rfx->batches);
	free(rfx->memory);
	free(rfx->jobs);
	free(rfx->bytes);
	free(rfx->tiles);
	free(rfx->classic_tiles);
	free(rfx);
}

static int allocate(struct rfx *rfx)
{
	const struct kg_subject *s = rfx->subject;
	uint32_t threads = kg_work_threads(s->work), capacity = s->columns * BATCH_ROWS;
	size_t tiles = (size_t)s->columns * s->rows, batch = (kg_rfx_batch_size(capacity) + 63) / 64 * 64;

	rfx->share = kg_rfx_share((uint32_t)tiles, threads, capacity);
	rfx->job_count = (uint32_t)((tiles - 1) / rfx->share + 1);
	rfx->job_room = (size_t)capacity * KG_PROGRESSIVE_TILE_ROOM;
	rfx->room = tiles * KG_PROGRESSIVE_TILE_ROOM + 4096;
	rfx->batches = calloc(threads, sizeof(*rfx->batches));
	rfx->memory = batch ? malloc(threads * batch) : NULL;
	rfx->jobs = calloc(rfx->job_count, sizeof(*rfx->jobs));
	rfx->bytes = malloc(rfx->room);
	rfx->tiles = calloc(tiles, sizeof(*rfx->tiles));
	rfx->classic_tiles = calloc(tiles, sizeof(*rfx->classic_tiles));
	if (!rfx->batches || !rfx->memory || !rfx->jobs || !rfx->bytes || !rfx->tiles || !rfx->classic_tiles)
		return -ENOMEM;
	for (uint32_t i = 0; i < threads; i++)
		kg_rfx_batch_init(&rfx->batches[i], rfx->memory + i * batch, capacity);
	for (uint32_t i = 0; threads > 1 && i < rfx->job_count; i++) {
		rfx->jobs[i].bytes = malloc(rfx->job_room);
		if (!rfx->jobs[i].bytes)
			return -ENOMEM;
	}
	return 0;
}

static int rfx_new(struct rfx **ret, const struct kg_subject *subject, const struct kind *kind)
{
	struct rfx *rfx = calloc(1, sizeof(*rfx));
	int r;

	if (!rfx)
		return -ENOMEM;
	rfx->subject = subject;
	rfx->kind = kind;
	r = allocate(rfx);
	if (r < 0) {
		rfx_free(rfx);
		return r;
	}
	for (uint32_t i = 0; i < subject->columns * subject->rows; i++) {
		uint32_t x = i % subject->columns, y = i / subject->columns;
		const struct kg_image tile = kg_bench_tile(&subject->now, x, y);

		rfx->tiles[i] = (struct kg_progressive_tile){
			.pixels = tile.pixels,
			.stride = tile.stride,
			.width = tile.width,
			.height = tile.height,
			.x = (uint16_t)x,
			.y = (uint16_t)y,
		};
		rfx->classic_tiles[i] = (struct kg_rfx_stream_tile){ tile.pixels, tile.stride,	tile.width,
								     tile.height, (uint16_t)x, (uint16_t)y };
	}
	*ret = rfx;
	return 0;
}

static void run_job(void *data, uint32_t i, uint32_t thread)
{
	struct rfx *rfx = data;
	struct job *job = &rfx->jobs[i];
	struct kg_writer to = kg_writer_of(job->bytes, rfx->job_room);
	uint32_t count;

	job->count = rfx->kind->tiles(rfx, i, thread, &to, &count);
	job->missing = count - job->count;
	job->size = kg_writer_size(&to);
}

static size_t rfx_encode(void *state)
{
	struct rfx *rfx = state;
	struct kg_writer to = kg_writer_of(rfx->bytes, rfx->room);
	uint32_t missing = 0;

	rfx->kind->begin(rfx, &to);
	if (kg_work_threads(rfx->subject->work) > 1) {
		kg_work_run(rfx->subject->work, rfx->job_count, run_job, rfx);
		for (uint32_t i = 0; i < rfx->job_count; i++) {
			rfx->kind->add(rfx, rfx->jobs[i].bytes, rfx->jobs[i].size, rfx->jobs[i].count);
			missing += rfx->jobs[i].missing;
		}
	} else
		for (uint32_t i = 0; i < rfx->job_count; i++) {
			uint32_t count, written = rfx->kind->tiles(rfx, i, 0, &to, &count);

			rfx->kind->add(rfx, NULL, 0, written);
			missing += count - written;
		}
	if (rfx->kind->end(rfx) < 0 || missing)
		return SIZE_MAX;
	rfx->size = kg_writer_size(&to);
	return rfx->size;
}

static struct kg_rect all_of(const struct rfx *rfx)
{
	return (struct kg_rect){ 0, 0, (int32_t)rfx->subject->now.width, (int32_t)rfx->subject->now.height };
}

/* The tiles of a job: the first one, and how many to *ret. */
static uint32_t tiles_of(const struct rfx *rfx, uint32_t job, uint32_t *ret)
{
	const struct kg_subject *s = rfx->subject;

	*ret = KG_MIN(s->columns * s->rows - job * rfx->share, rfx->share);
	return job * rfx->share;
}

static bool decode_last(struct rfx *rfx, struct kg_oracle *oracle)
{
	return kg_oracle_decode(oracle, rfx->bytes, rfx->size, 0, 0, rfx->subject->now.width, rfx->subject->now.height);
}

static size_t rfx_theirs(void *state, struct kg_oracle *oracle)
{
	struct rfx *rfx = state;

	return kg_oracle_encode(oracle, &rfx->subject->now);
}

/* ---- progressive ---- */

static uint32_t progressive_tiles(struct rfx *rfx, uint32_t job, uint32_t thread, struct kg_writer *to, uint32_t *ret)
{
	uint32_t first = tiles_of(rfx, job, ret);

	return kg_progressive_tiles(rfx->subject->dsp, &rfx->batches[thread], &rfx->ladder, KG_RFX_EXTRAPOLATE, rfx->tiles + first,
				    *ret, to);
}

static void progressive_begin(struct rfx *rfx, struct kg_writer *to)
{
	const struct kg_rect all = all_of(rfx);

	kg_progressive_begin(&rfx->region, to, &rfx->ladder, KG_RFX_EXTRAPOLATE, rfx->from == KG_PROGRESSIVE_NEW, rfx->frame++,
			     &all, 1);
}

static void progressive_add(struct rfx *rfx, const uint8_t *bytes, size_t size, uint32_t count)
{
	kg_progressive_add(&rfx->region, bytes, size, count);
}

static int progressive_end(struct rfx *rfx)
{
	return kg_progressive_end(&rfx->region);
}

static const struct kind progressive = { progressive_tiles, progressive_begin, progressive_add, progressive_end };

static void set_pass(struct rfx *rfx, uint8_t from, uint8_t to)
{
	rfx->from = from;
	rfx->to = to;
	for (uint32_t i = 0; i < rfx->subject->columns * rfx->subject->rows; i++) {
		rfx->tiles[i].from = from;
		rfx->tiles[i].to = to;
	}
}

static int simple_new(void **ret, const struct kg_subject *subject)
{
	struct rfx *rfx;
	int r = rfx_new(&rfx, subject, &progressive);

	if (r < 0)
		return r;
	kg_progressive_ladder_simple(&rfx->ladder);
	set_pass(rfx, KG_PROGRESSIVE_NEW, 0);
	*ret = rfx;
	return 0;
}

static int pass_new(void **ret, const struct kg_subject *subject, uint8_t pass)
{
	struct rfx *rfx;
	int r = rfx_new(&rfx, subject, &progressive);

	if (r < 0)
		return r;
	kg_progressive_ladder_fine(&rfx->ladder);
	set_pass(rfx, pass ? pass - 1 : KG_PROGRESSIVE_NEW, pass);
	*ret = rfx;
	return 0;
}

static int first_new(void **ret, const struct kg_subject *subject)
{
	return pass_new(ret, subject, 0);
}

static int upgrade1_new(void **ret, const struct kg_subject *subject)
{
	return pass_new(ret, subject, 1);
}

static int upgrade2_new(void **ret, const struct kg_subject *subject)
{
	return pass_new(ret, subject, 2);
}

static int upgrade3_new(void **ret, const struct kg_subject *subject)
{
	return pass_new(ret, subject, 3);
}

/* The passes before, and this one. */
static double progressive_quality(void *state, struct kg_oracle *oracle)
{
	struct rfx *rfx = state;
	uint8_t last = rfx->to;

	for (uint8_t pass = 0; pass <= last; pass++) {
		set_pass(rfx, pass ? pass - 1 : KG_PROGRESSIVE_NEW, pass);
		if (rfx_encode(rfx) == SIZE_MAX || !decode_last(rfx, oracle))
			return NAN;
	}
	return kg_oracle_quality(oracle, &rfx->subject->now);
}

#define PROGRESSIVE(identifier, the_name, the_what, constructor, encoder)                                              \
	const struct kg_bench_codec identifier = {                                                                     \
		.name = the_name,                                                                                      \
		.what = the_what,                                                                                      \
		.oracle = KG_ORACLE_PROGRESSIVE,                                                                       \
		.new = constructor,                                                                                    \
		.free = rfx_free,                                                                                      \
		.encode = rfx_encode,                                                                                  \
		.quality = progressive_quality,                                                                        \
		.theirs = encoder,                                                                                     \
	}

PROGRESSIVE(kg_bench_progressive, "progressive", "RemoteFX Progressive, complete tiles at the usual quality", simple_new,
	    rfx_theirs);
PROGRESSIVE(kg_bench_first, "first-25", "the first pass of the fine ladder, 25 percent", first_new, NULL);
PROGRESSIVE(kg_bench_upgrade1, "upgrade-50", "the upgrade from 25 to 50 percent", upgrade1_new, NULL);
PROGRESSIVE(kg_bench_upgrade2, "upgrade-75", "the upgrade from 50 to 75 percent", upgrade2_new, NULL);
PROGRESSIVE(kg_bench_upgrade3, "upgrade-full", "the upgrade from 75 percent to the finest steps", upgrade3_new, NULL);

/* ---- classic ---- */

static uint32_t classic_tiles(struct rfx *rfx, uint32_t job, uint32_t thread, struct kg_writer *to, uint32_t *ret)
{
	uint32_t first = tiles_of(rfx, job, ret);

	return kg_rfx_stream_tiles(rfx->subject->dsp, &rfx->batches[thread], &rfx->stream, rfx->classic_tiles + first, *ret, to);
}

static void classic_begin(struct rfx *rfx, struct kg_writer *to)
{
	const struct kg_rect all = all_of(rfx);

	kg_rfx_stream_begin(&rfx->classic, to, &rfx->stream, true, rfx->frame++, &all, 1);
}

static void classic_add(struct rfx *rfx, const uint8_t *bytes, size_t size, uint32_t count)
{
	kg_rfx_stream_add(&rfx->classic, bytes, size, count);
}

static int classic_end(struct rfx *rfx)
{
	return kg_rfx_stream_end(&rfx->classic);
}

static const struct kind classic = { classic_tiles, classic_begin, classic_add, classic_end };

static int classic_new(void **ret, const struct kg_subject *subject, enum kg_rfx_coder coder)
{
	struct rfx *rfx;
	int r = rfx_new(&rfx, subject, &classic);

	if (r < 0)
		return r;
	r = kg_rfx_stream_init(&rfx->stream, NULL, coder, true, (uint16_t)subject->now.width, (uint16_t)subject->now.height);
	if (r < 0) {
		rfx_free(rfx);
		return r;
	}
	*ret = rfx;
	return 0;
}

static int rlgr1_new(void **ret, const struct kg_subject *subject)
{
	return classic_new(ret, subject, KG_RFX_RLGR1);
}

static int rlgr3_new(void **ret, const struct kg_subject *subject)
{
	return classic_new(ret, subject, KG_RFX_RLGR3);
}

static double classic_quality(void *state, struct kg_oracle *oracle)
{
	struct rfx *rfx = state;

	return decode_last(rfx, oracle) ? kg_oracle_quality(oracle, &rfx->subject->now) : NAN;
}

#define CLASSIC(identifier, the_name, the_what, the_oracle, constructor)                                               \
	const struct kg_bench_codec identifier = {                                                                     \
		.name = the_name,                                                                                      \
		.what = the_what,                                                                                      \
		.oracle = the_oracle,                                                                                  \
		.new = constructor,                                                                                    \
		.free = rfx_free,                                                                                      \
		.encode = rfx_encode,                                                                                  \
		.quality = classic_quality,                                                                            \
		.theirs = rfx_theirs,                                                                                  \
	}

CLASSIC(kg_bench_rlgr1, "rlgr1", "classic RemoteFX in image mode, RLGR1", KG_ORACLE_RLGR1, rlgr1_new);
CLASSIC(kg_bench_rlgr3, "rlgr3", "classic RemoteFX in image mode, RLGR3", KG_ORACLE_RLGR3, rlgr3_new);
