/* How a client's screen is filled: damage is planned when it can be sent at once, encoded by jobs, and sent (view-send.c). */
#define KG_TOPIC "view"
#include "server/desktop/view-impl.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/pool.h"
#include "server/control/channel.h"
#include "server/control/gfx-version.h"
#include "server/desktop/source.h"
#include "server/display/refine.h"

#include <time.h>

/* So few tiles are encoded faster than a thread wakes up. */
#define TILES_INLINE 4

void kg_view_tell_size(struct kg_view *view, uint32_t width, uint32_t height)
{
	struct kg_view_size size = { (uint16_t)width, (uint16_t)height };

	if (view->told_width == width && view->told_height == height)
		return;
	view->told_width = width;
	view->told_height = height;
	(void)kg_channel_send(view->channel, KG_VIEW_SIZE, &size, sizeof(size));
}

static uint64_t time_of_day_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The mirror becomes as large as the desktop. Returns false when there is no memory for it: the view has then ended. */
static bool adopt_size(struct kg_view *view, uint32_t width, uint32_t height)
{
	struct kg_view_output *output = &view->output;
	int r;

	if (output->mirror.width == width && output->mirror.height == height)
		return true;
	r = kg_mirror_resize(&output->mirror, width, height);
	if (r < 0) {
		(void)kg_err(r, "cannot show %u x %u pixels to session %s", width, height, view->name);
		kg_view_end(view, KG_END_DESKTOP_LOST, "no memory for the picture");
		return false;
	}
	kg_view_tell_size(view, width, height);
	/* Without the graphics pipeline a new size is a new activation, in which clients drop their pointers. */
	if (view->open.path == KG_PATH_BITMAP && output->flow.sent) {
		kg_cursor_cache_forget(&view->cursors);
		view->cursor_due = view->parts->cursor_known;
	}
	return true;
}

/* ---- encoding ---- */

/* The plan is complete. */
static void encoded(struct kg_view *view)
{
	struct kg_view_output *output = &view->output;

	kg_frame_unref(output->encoding);
	output->encoding = NULL;
	if (!kg_plan_size(&output->plan)) {	// nothing had changed: no frame
		kg_plan_end(&output->plan);
		output->state = KG_OUTPUT_IDLE;
		return;
	}
	kg_slicer_begin(&output->slicer, &output->plan, kg_flow_next(&output->flow), time_of_day_ms());
	output->state = KG_OUTPUT_SENDING;
}

static void job(void *data, uint32_t i, uint32_t thread)
{
	struct kg_view *view = data;

	kg_plan_job(&view->output.plan, i, view->parts->scratch + thread * view->parts->scratch_size);
}

static void on_stage_done(void *data);

/* Runs the jobs of this stage and of those that follow: few tiles here and now, many by the pool, one stage at a time. */
static int encode(struct kg_view *view, int jobs)
{
	struct kg_view_output *output = &view->output;

	while (jobs > 0) {
		if (output->plan.tiles_touched > TILES_INLINE)
			return kg_pool_run(view->parts->pool, &output->set, (uint32_t)jobs, job, on_stage_done, view);
		for (uint32_t i = 0; i < (uint32_t)jobs; i++)
			job(view, i, kg_pool_threads(view->parts->pool));
		jobs = kg_plan_next(&output->plan);
	}
	if (jobs == 0)
		encoded(view);
	return jobs;
}

static void cannot_encode(struct kg_view *view, int error)
{
	(void)kg_err(error, "cannot encode a frame for session %s", view->name);
	kg_view_end(view, KG_END_DESKTOP_LOST, "no memory for the picture");
}

static void on_stage_done(void *data)
{
	struct kg_view *view = data;
	int r;

	view->output.set = NULL;
	r = encode(view, kg_plan_next(&view->output.plan));
	if (r < 0)
		cannot_encode(view, r);
	kg_view_pump(view);
}

/* ---- refinement ---- */

static uint64_t now_ms(void)
{
	return kg_now_us() / 1000;
}

/* Nothing else is to be done now: wakes up when the first lossy tile is due. An exact screen wakes nobody. */
static void wait_for_refinement(struct kg_view *view)
{
	uint64_t due = kg_refine_due(&view->output.mirror), now = now_ms();

	(void)kg_watch_arm(view->output.refine, due == KG_REFINE_NEVER ? UINT64_MAX : due > now ? (due - now) * 1000 : 0);
}

static void on_refine(void *data)
{
	kg_view_pump(data);
}

int kg_view_output_init(struct kg_view *view)
{
	return kg_loop_timer(view->parts->loop, &view->output.refine, UINT64_MAX, on_refine, view);
}

/* Plans a frame if there is something to show and it can be sent. False: nothing more can be done now. */
static bool start_frame(struct kg_view *view)
{
	struct kg_view_output *output = &view->output;
	const struct kg_frame *latest = output->latest;
	struct kg_image image;
	int r;

	if (latest && (latest->width != output->mirror.width || latest->height != output->mirror.height)) {
		/* Each size is told to the session, which can pass on only so many to a client that does not read. */
		if (!kg_flow_may_plan(&output->flow, kg_view_slices_are_read(output)) ||
		    !adopt_size(view, latest->width, latest->height))
			return false;
		if (view->open.path == KG_PATH_GRAPHICS)
			kg_view_set_up_surface(output);
		return true;
	}
	for (uint32_t i = 0; i < output->refresh.count; i++)
		kg_mirror_forget_rect(&output->mirror, output->refresh.rects[i]);
	kg_region_clear(&output->refresh);

	if (!kg_flow_may_plan(&output->flow, kg_view_slices_are_read(output)))
		return false;
	if (!latest || (kg_region_empty(&output->damage) && kg_mirror_complete(&output->mirror) &&
			kg_refine_due(&output->mirror) > now_ms())) {
		wait_for_refinement(view);
		kg_source_want(view->parts->source);
		return false;
	}
	image = (struct kg_image){ latest->pixels, latest->width, latest->height, latest->stride };
	output->encoding = kg_frame_ref(output->latest);
	output->state = KG_OUTPUT_ENCODING;
	r = kg_plan_begin(&output->plan, &image, &output->damage, now_ms());
	kg_region_clear(&output->damage);
	r = encode(view, r);
	if (r < 0) {
		cannot_encode(view, r);
		return false;
	}
	return true;
}

void kg_view_pump(struct kg_view *view)
{
	struct kg_view_output *output = &view->output;
	bool more = true;

	while (more && view->state == KG_VIEW_STATE_SHOWING && output->state != KG_OUTPUT_WRITING) {
		kg_view_send_cursor(view);
		if (output->state == KG_OUTPUT_ENCODING)
			return;
		if (output->state == KG_OUTPUT_SENDING)
			more = kg_view_send_pieces(view);
		else if (output->setup_size)
			more = kg_view_send_setup(view);
		else
			more = start_frame(view);
	}
}

void kg_view_frame(struct kg_view *view, struct kg_frame *frame)
{
	struct kg_view_output *output = &view->output;
	bool resized = output->latest && (output->latest->width != frame->width || output->latest->height != frame->height);

	if (view->state == KG_VIEW_STATE_ENDED)
		return;
	kg_frame_ref(frame);
	kg_frame_unref(output->latest);
	output->latest = frame;
	if (resized)	// damage counts from the frame before, the mirror may have the size of one before that
		kg_region_add(&output->damage, kg_rect_of_size(frame->width, frame->height));
	kg_region_unite(&output->damage, &frame->damage);
	if (view->state == KG_VIEW_STATE_WAITING)
		kg_view_tell_size(view, frame->width, frame->height);
	kg_view_pump(view);
}

/* ---- beginning anew, and the end ---- */

void kg_view_output_stop(struct kg_view *view)
{
	struct kg_view_output *output = &view->output;

	kg_pool_cancel(view->parts->pool, output->set);
	output->set = NULL;
	kg_frame_unref(output->encoding);
	output->encoding = NULL;
	kg_plan_end(&output->plan);
	if (output->refine)	// not in a view that could not be made
		(void)kg_watch_arm(output->refine, UINT64_MAX);
	output->setup_size = 0;
	output->offered = false;
	output->state = KG_OUTPUT_IDLE;
}

/* What the client can, and that its caches are empty. Where there is no memory for their models they are not used. */
static void begin_anew(struct kg_view *view, const struct kg_view_graphics *graphics)
{
	struct kg_view_output *output = &view->output;
	int r;

	kg_cache_done(&output->cache);
	r = kg_cache_init(&output->cache, graphics->version, graphics->flags);
	output->plan.cache = r < 0 ? NULL : &output->cache;
	if (!output->clear)
		output->clear = malloc(sizeof(*output->clear));
	output->plan.clear = output->clear;
	if (output->clear) {
		kg_clear_init(output->clear, view->parts->clear_key);
		kg_clear_reset(output->clear);
	}
	if (!output->plan.cache || !output->plan.clear)
		(void)kg_warn(-ENOMEM, "the caches of session %s are not used", view->name);

	/* What was sent before may have been dropped on the way: nothing of it is matched any more. */
	if (!output->zgfx)
		output->zgfx = malloc(sizeof(*output->zgfx));
	if (output->zgfx)
		kg_zgfx_init(output->zgfx);
	else
		(void)kg_warn(-ENOMEM, "nothing is compressed for session %s", view->name);
}

void kg_view_output_reset(struct kg_view *view, const struct kg_view_graphics *graphics)
{
	struct kg_view_output *output = &view->output;
	struct kg_writer writer;
	uint32_t width, height;
	bool sending;

	sending = output->state == KG_OUTPUT_SENDING || output->state == KG_OUTPUT_WRITING;
	kg_view_output_stop(view);
	if (sending && output->slicer.begun)
		kg_flow_sent(&output->flow);	// broken off, but its number is used
	output->reset = graphics->reset;
	kg_flow_reset(&output->flow);
	kg_region_clear(&output->refresh);
	kg_source_size(view->parts->source, &width, &height);
	if (output->latest) {
		width = output->latest->width;
		height = output->latest->height;
	}
	if (!adopt_size(view, width, height))
		return;
	kg_mirror_forget(&output->mirror);
	begin_anew(view, graphics);
	writer = kg_view_setup_writer(output);
	kg_gfx_caps_confirm(&writer, graphics->version, graphics->flags);
	kg_view_setup_written(output, &writer);
	output->has_surface = false;	// the client has forgotten it: it cannot be deleted
	output->plan.lossy = graphics->flags & KG_GFX_THIN_CLIENT ? KG_LOSSY_CLASSIC : KG_LOSSY_PROGRESSIVE;
	kg_view_set_up_surface(output);
}

/* One answer for offers that come faster than they can be answered. */
void kg_view_output_offer(struct kg_view *view)
{
	struct kg_view_output *output = &view->output;
	struct kg_writer writer = kg_view_setup_writer(output);

	if (output->offered)
		return;
	kg_gfx_import_nothing(&writer);
	kg_view_setup_written(output, &writer);
	output->offered = true;
}

void kg_view_output_refresh(struct kg_view *view, struct kg_rect rect)
{
	/* Jobs may be working on the mirror: it forgets before the next plan. */
	kg_region_add(&view->output.refresh, rect);
}

void kg_view_output_done(struct kg_view *view)
{
	struct kg_view_output *output = &view->output;

	kg_view_output_stop(view);
	kg_watch_free(output->refine);
	output->refine = NULL;
	kg_frame_unref(output->latest);
	output->latest = NULL;
	kg_cache_done(&output->cache);
	free(output->clear);
	output->clear = output->plan.clear = NULL;
	free(output->zgfx);
	output->zgfx = NULL;
	kg_mirror_done(&output->mirror);
	kg_plan_done(&output->plan);
	kg_ring_done(&output->ring);
}
