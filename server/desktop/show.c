/* A running desktop: passes what the source tells to every view. */
#define KG_TOPIC "desktop"
#include "server/desktop/show.h"

#include "base/frame.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/pool.h"
#include "codec/codec.h"
#include "input/sink.h"
#include "server/desktop/kind.h"
#include "server/desktop/source.h"
#include "server/desktop/view.h"
#include "server/display/cursor-cache.h"
#include "server/display/plan.h"

#include <sys/random.h>

struct kg_show {
	struct kg_view_parts parts;
	struct kg_dsp dsp;
	struct kg_hash_key hash_key;
	uint8_t clear_key[16];
	struct kg_progressive_ladder ladder;
	struct kg_frame *latest;	// for views that come later
	uint8_t *cursor_pixels;		// of parts.cursor
	struct kg_view *views[KG_VIEWS_MAX];
	uint32_t view_count;
	const struct kg_show_events *events;
	void *data;
	bool lost;
};

/* From the last: a view that goes while it is told something is replaced by one that was told already. */
#define FOR_VIEWS(show, view)                                                                                          \
	for (struct kg_view *view, **at_ = (show)->views + (show)->view_count;                                         \
	     at_ > (show)->views && ((view = *--at_), true);)

static void on_frame(void *data, struct kg_frame *frame)
{
	struct kg_show *show = data;

	kg_frame_ref(frame);
	kg_frame_unref(show->latest);
	show->latest = frame;
	FOR_VIEWS(show, view)
		kg_view_frame(view, frame);
}

static void on_cursor(void *data, const struct kg_cursor *cursor)
{
	struct kg_show *show = data;
	size_t size = (size_t)cursor->width * cursor->height * 4;
	uint8_t *pixels = NULL;

	if (cursor->width > KG_CURSOR_SIZE_MAX || cursor->height > KG_CURSOR_SIZE_MAX ||
	    (size && (cursor->hot_x >= cursor->width || cursor->hot_y >= cursor->height)))
		return (void)kg_warn(-EINVAL, "a pointer of %u x %u, hot spot %u %u", cursor->width, cursor->height,
				     cursor->hot_x, cursor->hot_y);
	if (size) {
		pixels = malloc(size);
		if (!pixels)
			return (void)kg_warn(-ENOMEM, "a pointer of %u x %u", cursor->width, cursor->height);
		memcpy(pixels, cursor->pixels, size);
	}
	free(show->cursor_pixels);
	show->cursor_pixels = pixels;
	show->parts.cursor = *cursor;
	show->parts.cursor.pixels = pixels;
	show->parts.cursor_key = kg_cursor_key(pixels, cursor->width, cursor->height, cursor->hot_x, cursor->hot_y);
	show->parts.cursor_known = true;
	FOR_VIEWS(show, view)
		kg_view_cursor(view);
}

static void on_warp(void *data, int32_t x, int32_t y)
{
	struct kg_show *show = data;

	FOR_VIEWS(show, view)
		kg_view_warp(view, x, y);
}

static void on_locks(void *data, unsigned locks)
{
	struct kg_show *show = data;

	FOR_VIEWS(show, view)
		kg_view_locks(view, locks);
}

static void on_lost(void *data, int error, const char *why)
{
	struct kg_show *show = data;

	show->lost = true;
	kg_show_end(show, KG_END_DESKTOP_LOST, why);
	show->events->lost(show->data, error, why);
}

static const struct kg_source_events source_events = {
	.frame = on_frame,
	.cursor = on_cursor,
	.warp = on_warp,
	.locks = on_locks,
	.lost = on_lost,
};

static void on_view_gone(void *data, struct kg_view *view)
{
	struct kg_show *show = data;

	for (uint32_t i = 0; i < show->view_count; i++) {
		if (show->views[i] != view)
			continue;
		show->views[i] = show->views[--show->view_count];
		break;
	}
	kg_view_free(view);
}

static int fill_randomly(void *bytes, size_t size)
{
	uint8_t *at = bytes;

	while (size) {
		ssize_t n = getrandom(at, size, 0);	// more than 256 bytes may come in parts

		if (n < 0 && errno != EINTR)
			return -errno;
		at += KG_MAX(n, (ssize_t)0);
		size -= (size_t)KG_MAX(n, (ssize_t)0);
	}
	return 0;
}

int kg_show_new(struct kg_show **ret, struct kg_loop *loop, struct kg_pool *pool, const struct kg_desktop_bundle *bundle)
{
	struct kg_show *show = calloc(1, sizeof(*show));
	int r;

	if (!show) {
		kg_input_free(bundle->input);
		kg_source_free(bundle->source);
		return -ENOMEM;
	}
	kg_dsp_init(&show->dsp, kg_cpu_best());
	r = fill_randomly(&show->hash_key, sizeof(show->hash_key));
	if (r >= 0)
		r = fill_randomly(show->clear_key, sizeof(show->clear_key));
	kg_plan_ladder_init(&show->ladder);
	show->parts = (struct kg_view_parts){
		.loop = loop,
		.pool = pool,
		.dsp = &show->dsp,
		.hash_key = &show->hash_key,
		.clear_key = show->clear_key,
		.ladder = &show->ladder,
		.scratch_size = (kg_plan_scratch() + 63) & ~(size_t)63,
		.source = bundle->source,
		.input = bundle->input,
		.gone = on_view_gone,
		.data = show,
	};
	show->parts.scratch = aligned_alloc(64, show->parts.scratch_size * (kg_pool_threads(pool) + 1));
	if (!show->parts.scratch)
		r = -ENOMEM;
	if (r < 0)
		goto fail;
	*ret = show;
	return 0;

fail:
	kg_show_free(show);
	return r;
}

void kg_show_free(struct kg_show *show)
{
	if (!show)
		return;
	while (show->view_count)
		on_view_gone(show, show->views[0]);
	kg_frame_unref(show->latest);
	kg_input_free(show->parts.input);
	kg_source_free(show->parts.source);
	free(show->cursor_pixels);
	free(show->parts.scratch);
	explicit_bzero(&show->hash_key, sizeof(show->hash_key));
	explicit_bzero(show->clear_key, sizeof(show->clear_key));
	free(show);
}

int kg_show_start(struct kg_show *show, const struct kg_show_events *events, void *data, uint32_t *ret_width,
		  uint32_t *ret_height)
{
	int r;

	show->events = events;
	show->data = data;
	r = kg_source_start(show->parts.source, &source_events, show);
	if (r < 0)
		return r;
	kg_source_size(show->parts.source, ret_width, ret_height);
	return 0;
}

int kg_show_add_view(struct kg_show *show, int fd, const struct kg_id *session)
{
	struct kg_view *view;
	int r;

	if (show->view_count == KG_VIEWS_MAX || show->lost) {
		kg_close(fd);
		return show->lost ? -ENODEV : -EBUSY;
	}
	r = kg_view_new(&view, &show->parts, fd, session);
	if (r < 0)
		return r;
	show->views[show->view_count++] = view;
	if (show->latest)
		kg_view_frame(view, show->latest);
	return 0;
}

uint32_t kg_show_views(const struct kg_show *show)
{
	return show->view_count;
}

void kg_show_end(struct kg_show *show, enum kg_end_reason reason, const char *text)
{
	FOR_VIEWS(show, view)
		kg_view_end(view, reason, text);
}
