/* A whole frame, as a view makes it for a client that has the frame before: all codecs together, by server/display/. */
#include "bench/codecs.h"

#include "server/control/gfx-version.h"
#include "server/display/slice.h"

#define CLIENT_FLAGS 0x20		// no H.264 ([MS-RDPEGFX] 2.2.3.10)
#define LATER_MS 100			// from frame to frame

struct view {
	const struct kg_subject *subject;
	struct kg_hash_key key;
	struct kg_progressive_ladder ladder;
	struct kg_mirror mirror;
	struct kg_cache cache;
	struct kg_clear clear;
	struct kg_zgfx zgfx;
	struct kg_plan plan;
	uint8_t *scratch, *slice;
	size_t scratch_size;
	bool failed;
};

static void forget(struct view *v)
{
	kg_plan_done(&v->plan);
	kg_mirror_done(&v->mirror);
	kg_cache_done(&v->cache);
	v->plan = (struct kg_plan){ 0 };
	v->mirror = (struct kg_mirror){ 0 };
	v->cache = (struct kg_cache){ 0 };
}

static void view_free(void *state)
{
	struct view *v = state;

	if (!v)
		return;
	forget(v);
	free(v->scratch);
	free(v->slice);
	free(v);
}

static int view_new(void **ret, const struct kg_subject *subject)
{
	struct view *v = calloc(1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	v->subject = subject;
	kg_bench_hash_key(&v->key);
	kg_plan_ladder_init(&v->ladder);
	v->scratch_size = (kg_plan_scratch() + 63) / 64 * 64;
	v->scratch = aligned_alloc(64, kg_work_threads(subject->work) * v->scratch_size);
	v->slice = malloc(KG_SLICE_SIZE_MAX);
	if (!v->scratch || !v->slice) {
		view_free(v);
		return -ENOMEM;
	}
	*ret = v;
	return 0;
}

static void run_job(void *data, uint32_t i, uint32_t thread)
{
	struct view *v = data;

	kg_plan_job(&v->plan, i, v->scratch + thread * v->scratch_size);
}

/* All of image is said to have changed. Returns the bytes on the way to the client, or SIZE_MAX. */
static size_t send_frame(struct view *v, const struct kg_image *image, uint32_t number)
{
	struct kg_region damage = { 0 };
	struct kg_slicer slicer;
	size_t size = 0;
	bool last;
	int jobs;

	kg_region_add(&damage, kg_rect_of_size(image->width, image->height));
	jobs = kg_plan_begin(&v->plan, image, &damage, (uint64_t)number * LATER_MS);
	while (jobs > 0) {
		kg_work_run(v->subject->work, (uint32_t)jobs, run_job, v);
		jobs = kg_plan_next(&v->plan);
	}
	if (jobs < 0)
		return SIZE_MAX;
	if (kg_plan_size(&v->plan)) {
		kg_slicer_begin(&slicer, &v->plan, number, 0);
		while (!kg_slicer_finished(&slicer)) {
			kg_slicer_next(&slicer, &last);
			size += kg_slicer_write(&slicer, &v->zgfx, v->slice);
		}
	}
	kg_plan_end(&v->plan);
	return size;
}

/* A new client, which gets the frame before. */
static void view_prepare(void *state)
{
	struct view *v = state;

	forget(v);
	kg_clear_init(&v->clear, KG_BENCH_CLEAR_KEY);
	kg_zgfx_init(&v->zgfx);
	v->failed = kg_mirror_resize(&v->mirror, v->subject->now.width, v->subject->now.height) < 0 ||
		    kg_cache_init(&v->cache, KG_GFX_VERSION_107, CLIENT_FLAGS) < 0;
	v->plan = (struct kg_plan){
		.dsp = v->subject->dsp,
		.hash_key = &v->key,
		.mirror = &v->mirror,
		.graphics = true,
		.lossy = KG_LOSSY_PROGRESSIVE,
		.ladder = &v->ladder,
		.surface = 1,
		.cache = &v->cache,
		.clear = &v->clear,
	};
	if (!v->failed)
		v->failed = send_frame(v, &v->subject->before, 1) == SIZE_MAX;
}

static size_t view_encode(void *state)
{
	struct view *v = state;

	return v->failed ? SIZE_MAX : send_frame(v, &v->subject->now, 2);
}

const struct kg_bench_codec kg_bench_frame = {
	.name = "frame",
	.what = "what a view sends to a client that has the frame before: moves, cache, ClearCodec, RemoteFX, ZGFX",
	.sequences = true,
	.new = view_new,
	.free = view_free,
	.prepare = view_prepare,
	.encode = view_encode,
};
