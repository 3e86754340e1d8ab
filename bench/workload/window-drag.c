/* window-drag: a window with a page of its own is dragged over a page, round and round, with rests. */
#include "bench/workload/page.h"
#include "bench/workload/workload_impl.h"

#define ROUND 240			// frames; in the last of them the window rests
#define REST 40

struct window_drag {
	struct kg_workload workload;
	uint8_t *below, *window;	// the page without the window, and the window with its frame of a pixel
	int32_t width, height;		// of the window
};

/* Draws the page into the canvas and keeps it, then the window likewise: both are only copied from here on. */
static int draw_parts(struct window_drag *drag, struct kg_page *page)
{
	struct kg_canvas canvas = drag->workload.canvas;

	drag->width = KG_MAX(canvas.width / 3, 1) + 2;
	drag->height = KG_MAX(canvas.height / 2, 1) + 2;
	canvas.stride = (size_t)canvas.width * 4;
	canvas.pixels = drag->below = malloc(canvas.stride * (size_t)canvas.height);
	if (!canvas.pixels)
		return -ENOMEM;
	kg_page_draw(page, &canvas, 0);
	kg_page_bar(page, &canvas);
	canvas = (struct kg_canvas){
		.stride = (size_t)drag->width * 4,
		.width = drag->width,
		.height = drag->height,
		.right = drag->width,
		.bottom = drag->height,
	};
	canvas.pixels = drag->window = malloc(canvas.stride * (size_t)canvas.height);
	if (!canvas.pixels)
		return -ENOMEM;
	kg_page_window(page, &canvas, 1, 1, drag->width - 2, drag->height - 2, 0);
	return 0;
}

static int window_drag_init(struct kg_workload *workload)
{
	struct window_drag *drag = kg_container_of(workload, struct window_drag, workload);
	struct kg_page page = { .seed = workload->seed, .right = workload->canvas.width, .top = KG_PAGE_BAR };
	int r = kg_letters_new(&page.letters, true);

	if (r < 0)
		return r;
	r = draw_parts(drag, &page);
	kg_letters_free(page.letters);
	return r;
}

/* Around the middle, and further out and in again, so that it is at the edges too. */
static struct kg_rect window_at(const struct window_drag *drag, uint32_t number)
{
	int32_t angle = (int32_t)(KG_MIN(number % ROUND, (uint32_t)(ROUND - REST)) * 1024 / (ROUND - REST));
	int32_t room_x = drag->workload.canvas.width - drag->width,
		room_y = drag->workload.canvas.height - drag->height;
	int32_t x = room_x / 2 + (int32_t)((int64_t)(room_x / 2 + drag->width / 4) * kg_sine(angle) / 4096);
	int32_t y = room_y / 2 + (int32_t)((int64_t)(room_y / 2 + drag->height / 8) * kg_sine(2 * angle + 100) / 4096);

	return (struct kg_rect){ x, y, x + drag->width, y + drag->height };
}

/* The part of a picture as large as the canvas that lies in the rectangle. */
static void restore(const struct window_drag *drag, struct kg_rect rect)
{
	struct kg_canvas clip = drag->workload.canvas;

	clip.left = KG_MAX(rect.left, 0);
	clip.top = KG_MAX(rect.top, 0);
	clip.right = KG_MIN(rect.right, clip.right);
	clip.bottom = KG_MIN(rect.bottom, clip.bottom);
	kg_canvas_blit(&clip, 0, 0, drag->below, (size_t)clip.width * 4, clip.width, clip.height);
}

static void window_drag_draw(struct kg_workload *workload, uint32_t number)
{
	struct window_drag *drag = kg_container_of(workload, struct window_drag, workload);
	struct kg_rect all = { 0, 0, workload->canvas.width, workload->canvas.height };
	struct kg_rect before = workload->drawn ? window_at(drag, workload->number) : all,
		       now = window_at(drag, number);

	if (workload->drawn && !memcmp(&before, &now, sizeof(now)))
		return;
	restore(drag, before);
	kg_canvas_blit(&workload->canvas, now.left, now.top, drag->window, (size_t)drag->width * 4, drag->width,
		       drag->height);
	kg_region_add(&workload->damage, kg_rect_intersect(before, all));
	kg_region_add(&workload->damage, kg_rect_intersect(now, all));
}

static void window_drag_done(struct kg_workload *workload)
{
	struct window_drag *drag = kg_container_of(workload, struct window_drag, workload);

	free(drag->below);
	free(drag->window);
}

static const struct kg_workload_impl window_drag_impl = {
	.size = sizeof(struct window_drag),
	.init = window_drag_init,
	.draw = window_drag_draw,
	.done = window_drag_done,
};

const struct kg_workload_kind kg_workload_window_drag = {
	.name = "window-drag",
	.what = "a window that is dragged over a page, with rests",
	.fps = 60,
	.frames = 2 * ROUND,
	.impl = &window_drag_impl,
};
