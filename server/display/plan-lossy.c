/*
 * Pictures, by RemoteFX: batches of tiles in order, each with messages of its own, so that threads need not wait for each other.
 */
#include "server/display/bitmap-writer.h"
#include "server/display/gfx-writer.h"
#include "server/display/plan-impl.h"

#include <assert.h>

/*
 * Of the steps tried between the usual ones (KG_RFX_QUANT_DEFAULT, 32 dB for the hardest tiles) and the finest these cost
 * least for 38 dB in every tile, noise too: a 1080p frame of terrain takes 701 KB, with the usual ones 467, with the finest
 * 1087.
 */
static const struct kg_rfx_quant quant = { { 7, 7, 7, 7, 7, 7, 7, 7, 7, 6 } };

void kg_plan_ladder_init(struct kg_progressive_ladder *ladder)
{
	const struct kg_rfx_quant quants[3] = { quant, quant, quant };
	int r = kg_progressive_ladder_init(ladder, quants, NULL, 0);

	assert(r == 0);
}

void kg_plan_find_lossy(struct kg_plan *plan)
{
	plan->lossy_count = 0;
	for (uint32_t i = 0; i < plan->tile_count; i++) {
		if (plan->tiles[i].way == KG_WAY_LOSSY)
			plan->lossy_tiles[plan->lossy_count++] = i;
	}
	plan->has_context = plan->has_context || (plan->lossy_count && plan->lossy == KG_LOSSY_PROGRESSIVE);
}

static struct kg_rect rect_of(const struct kg_plan *plan, uint32_t i)
{
	return kg_mirror_tile(plan->mirror, i % plan->mirror->columns, i / plan->mirror->columns);
}

/* A row of tiles that lies right below the one before, and is as wide, becomes a part of it. */
static uint32_t join_last(struct kg_rect *rects, uint32_t n)
{
	struct kg_rect *last = &rects[n - 1], *before = last - 1;

	if (n < 2 || last->left != before->left || last->right != before->right || last->top != before->bottom)
		return n;
	before->bottom = last->bottom;
	return n - 1;
}

/* The pixels of tiles that lie in order, as rectangles: tiles side by side, and such rows one below the other. */
static uint32_t find_rects(const struct kg_plan *plan, const uint32_t *tiles, uint32_t count, struct kg_rect *rects)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct kg_rect rect = rect_of(plan, tiles[i]);

		if (n && rects[n - 1].top == rect.top && rects[n - 1].right == rect.left) {
			rects[n - 1].right = rect.right;
			continue;
		}
		n = n ? join_last(rects, n) : 0;
		rects[n++] = rect;
	}
	return join_last(rects, n);
}

/* Around the blocks of tiles: more than the head of the message, its rectangles and quantisers take. */
#define MESSAGE_HEAD 512
#define MESSAGE_SIZE(tiles) (MESSAGE_HEAD + 8 * (size_t)(tiles))

/* The longest message: it goes into one slice. */
#define MESSAGE_MAX (KG_SLICE_SIZE_MAX - 8192)

/* What the functions of a job share. */
struct lossy_job {
	struct kg_plan *plan;
	struct kg_rfx_batch batch;
	struct kg_plan_part blocks;	// of tiles, message by message
	struct kg_writer writer;	// of pieces
	void *scratch;
};

/* ---- progressive ---- */

static void put_region(struct lossy_job *job, const struct kg_writer *blocks, const uint32_t *numbers, uint32_t count)
{
	const struct kg_plan *plan = job->plan;
	struct kg_rect rects[KG_PLAN_BATCH];
	uint32_t rect_count = find_rects(plan, numbers, count, rects);
	struct kg_writer head = job->writer;
	struct kg_progressive region;
	size_t start;
	int r;

	kg_write_space(&job->writer, KG_GFX_CONTEXT_PICTURE_SIZE);
	start = kg_writer_size(&job->writer);
	kg_progressive_begin(&region, &job->writer, plan->ladder, KG_RFX_EXTRAPOLATE, true, plan->number, rects, rect_count);
	kg_progressive_add(&region, blocks->start, kg_writer_size(blocks), count);
	r = kg_progressive_end(&region);
	assert(r == 0);
	kg_gfx_context_picture(&head, plan->surface, KG_PLAN_CONTEXT, (uint32_t)(kg_writer_size(&job->writer) - start));
}

/* One message with as many of the tiles as fit. Returns how many. */
static uint32_t write_progressive(struct lossy_job *job, const uint32_t *numbers, uint32_t count)
{
	struct kg_plan *plan = job->plan;
	struct kg_writer blocks = kg_writer_of(job->blocks.bytes, job->blocks.room);
	struct kg_progressive_tile tiles[KG_PLAN_BATCH];
	uint32_t written;

	for (uint32_t i = 0; i < count; i++) {
		struct kg_rect rect = rect_of(plan, numbers[i]);

		tiles[i] = (struct kg_progressive_tile){
			.pixels = kg_mirror_at(plan->mirror, rect),
			.stride = plan->mirror->stride,
			.width = kg_rect_width(rect),
			.height = kg_rect_height(rect),
			.x = (uint16_t)(rect.left / KG_TILE),
			.y = (uint16_t)(rect.top / KG_TILE),
			.from = KG_PROGRESSIVE_NEW,
			.to = (uint8_t)plan->ladder->count,
		};
	}
	written = kg_progressive_tiles(plan->dsp, &job->batch, plan->ladder, KG_RFX_EXTRAPOLATE, tiles, count, &blocks);
	put_region(job, &blocks, numbers, written);
	/* A tile that it cannot code well follows exactly. */
	for (uint32_t i = 0; i < written; i++) {
		if (!tiles[i].overflows)
			continue;
		kg_plan_put_planar(plan, &job->writer, rect_of(plan, numbers[i]), job->scratch);
		kg_mirror_sent(plan->mirror, numbers[i], KG_TILE_EXACT, plan->now_ms);
	}
	return written;
}

/* ---- classic ---- */

/* The rectangle around as many of the tiles as one channel takes. Returns how many. */
static uint32_t box_of(const struct kg_plan *plan, const uint32_t *numbers, uint32_t count, struct kg_rect *ret)
{
	struct kg_rect box = rect_of(plan, numbers[0]);
	uint32_t i;

	for (i = 1; i < count; i++) {
		struct kg_rect both = kg_rect_unite(box, rect_of(plan, numbers[i]));

		if (kg_rect_width(both) > KG_RFX_CHANNEL_WIDTH_MAX || kg_rect_height(both) > KG_RFX_CHANNEL_HEIGHT_MAX)
			break;
		box = both;
	}
	*ret = box;
	return i;
}

static void put_frame(struct lossy_job *job, const struct kg_rfx_stream *stream, struct kg_rect box,
		      const struct kg_writer *blocks, const uint32_t *numbers, uint32_t count)
{
	const struct kg_plan *plan = job->plan;
	size_t head_size = plan->graphics ? KG_GFX_PICTURE_SIZE : sizeof(struct kg_view_surface), start;
	struct kg_rect rects[KG_PLAN_BATCH];
	uint32_t rect_count = find_rects(plan, numbers, count, rects);
	struct kg_writer head = job->writer;
	struct kg_rfx_frame frame;
	int r;

	for (uint32_t i = 0; i < rect_count; i++)
		rects[i] = kg_rect_moved(rects[i], -box.left, -box.top);
	kg_write_space(&job->writer, head_size);
	start = kg_writer_size(&job->writer);
	kg_rfx_stream_begin(&frame, &job->writer, stream, true, plan->number, rects, rect_count);
	kg_rfx_stream_add(&frame, blocks->start, kg_writer_size(blocks), count);
	r = kg_rfx_stream_end(&frame);
	assert(r == 0);
	if (plan->graphics)
		kg_gfx_picture(&head, plan->surface, KG_GFX_REMOTEFX, box, (uint32_t)(kg_writer_size(&job->writer) - start));
	else
		kg_surface_record(&head, box, (uint32_t)(kg_writer_size(&job->writer) - start));
}

/* The channel is the rectangle around the tiles, named anew in front of each frame. */
static uint32_t write_classic(struct lossy_job *job, const uint32_t *numbers, uint32_t count)
{
	const struct kg_plan *plan = job->plan;
	struct kg_writer blocks = kg_writer_of(job->blocks.bytes, job->blocks.room);
	struct kg_rfx_stream_tile tiles[KG_PLAN_BATCH];
	struct kg_rfx_stream stream;
	struct kg_rect box;
	uint32_t written;
	int r;

	count = box_of(plan, numbers, count, &box);
	r = kg_rfx_stream_init(&stream, plan->ladder->quant, plan->coder, !plan->video_mode, (uint16_t)kg_rect_width(box),
			       (uint16_t)kg_rect_height(box));
	assert(r == 0);
	for (uint32_t i = 0; i < count; i++) {
		struct kg_rect rect = rect_of(plan, numbers[i]);

		tiles[i] = (struct kg_rfx_stream_tile){
			.pixels = kg_mirror_at(plan->mirror, rect),
			.stride = plan->mirror->stride,
			.width = kg_rect_width(rect),
			.height = kg_rect_height(rect),
			.x = (uint16_t)((rect.left - box.left) / KG_TILE),
			.y = (uint16_t)((rect.top - box.top) / KG_TILE),
		};
	}
	written = kg_rfx_stream_tiles(plan->dsp, &job->batch, &stream, tiles, count, &blocks);
	put_frame(job, &stream, box, &blocks, numbers, written);
	return written;
}

/* ---- a batch ---- */

void kg_plan_write_lossy(struct kg_plan *plan, const struct kg_plan_work *work, struct kg_plan_part *part, void *scratch)
{
	const uint32_t *numbers = plan->lossy_tiles + work->first;
	size_t most = KG_MIN((size_t)work->tiles * 3 * KG_RFX_BYTES, (size_t)MESSAGE_MAX);
	struct lossy_job job = { .plan = plan, .scratch = scratch };

	if (!plan->graphics)
		most = KG_MIN(most, (size_t)plan->message_max - MESSAGE_SIZE(work->tiles));
	kg_rfx_batch_init(&job.batch, scratch, KG_PLAN_BATCH);
	/* Room for the worst case; what is not written never becomes memory. */
	if (kg_plan_provide(plan, &job.blocks, most) &&
	    kg_plan_provide(plan, part, work->tiles * (3 * KG_RFX_BYTES + MESSAGE_SIZE(1) + kg_plan_planar_bound(plan)))) {
		job.writer = kg_writer_of(part->bytes, part->room);
		for (uint32_t done = 0, n; done < work->tiles; done += n) {
			n = plan->lossy == KG_LOSSY_CLASSIC ? write_classic(&job, numbers + done, work->tiles - done)
							    : write_progressive(&job, numbers + done, work->tiles - done);
			assert(n);
		}
		assert(kg_writer_ok(&job.writer));
		part->size = kg_writer_size(&job.writer);
	}
	free(job.blocks.bytes);
}

size_t kg_plan_lossy_scratch(void)
{
	return kg_rfx_batch_size(KG_PLAN_BATCH);
}
