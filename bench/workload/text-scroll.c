/*
 * text-scroll: a bar that stands still, and under it a page of letters smoothed for LCDs that moves by 1 to 60 pixels a
 * frame: faster and faster and slower again, a rest, three steady speeds, a rest. And kg_workload_page, of which it is
 * made, whose number is that of the pixels scrolled.
 */
#include "bench/workload/page.h"
#include "bench/workload/workload_impl.h"

struct page {
	struct kg_workload workload;
	struct kg_page page;
};

static int page_init(struct kg_workload *workload)
{
	struct page *page = kg_container_of(workload, struct page, workload);

	workload->cursor = KG_WORKLOAD_BEAM;
	page->page = (struct kg_page){ .seed = workload->seed, .right = workload->canvas.width, .top = KG_PAGE_BAR };
	return kg_letters_new(&page->page.letters, true);
}

static void page_draw(struct kg_workload *workload, uint32_t number)
{
	struct page *page = kg_container_of(workload, struct page, workload);
	struct kg_canvas inner = workload->canvas;

	inner.top = KG_MIN(KG_PAGE_BAR, inner.bottom);
	if (workload->drawn) {
		kg_page_scroll(&page->page, &inner, workload->number, number);
	} else {
		kg_page_bar(&page->page, &workload->canvas);
		kg_page_draw(&page->page, &inner, number);
	}
	kg_region_add(&workload->damage, (struct kg_rect){ inner.left, inner.top, inner.right, inner.bottom });
}

static void page_done(struct kg_workload *workload)
{
	kg_letters_free(kg_container_of(workload, struct page, workload)->page.letters);
}

static const struct kg_workload_impl page_impl = {
	.size = sizeof(struct page),
	.init = page_init,
	.draw = page_draw,
	.done = page_done,
};

const struct kg_workload_kind kg_workload_page = {
	.name = "page",
	.what = "a page scrolled down by as many pixels as the number says",
	.fps = 30,
	.frames = 3000,
	.impl = &page_impl,
};

/* ---- as people do ---- */

#define ROUND 300			// frames
#define FASTEST 60			// pixels a frame

struct text_scroll {
	struct kg_workload workload;
	struct kg_workload *page;
	uint32_t moved[ROUND + 1];	// pixels, at the frames of a round
};

static uint32_t speed_at(uint32_t frame)
{
	static const uint32_t steady[] = { 2, 7, 25 };

	if (frame < 2 * FASTEST)
		return frame < FASTEST ? frame + 1 : 2 * FASTEST - frame;
	if (frame >= 150 && frame < 270)
		return steady[(frame - 150) / 40];
	return 0;
}

static int text_scroll_init(struct kg_workload *workload)
{
	struct text_scroll *scroll = kg_container_of(workload, struct text_scroll, workload);

	for (uint32_t i = 0; i < ROUND; i++)
		scroll->moved[i + 1] = scroll->moved[i] + speed_at(i);
	return kg_workload_part(workload, &scroll->page, &kg_workload_page, 0, 0, (uint32_t)workload->canvas.width,
				(uint32_t)workload->canvas.height);
}

static void text_scroll_draw(struct kg_workload *workload, uint32_t number)
{
	struct text_scroll *scroll = kg_container_of(workload, struct text_scroll, workload);

	kg_workload_draw_part(workload, scroll->page,
			      number / ROUND * scroll->moved[ROUND] + scroll->moved[number % ROUND]);
}

static void text_scroll_done(struct kg_workload *workload)
{
	kg_workload_free(kg_container_of(workload, struct text_scroll, workload)->page);
}

static const struct kg_workload_impl text_scroll_impl = {
	.size = sizeof(struct text_scroll),
	.init = text_scroll_init,
	.draw = text_scroll_draw,
	.done = text_scroll_done,
};

const struct kg_workload_kind kg_workload_text_scroll = {
	.name = "text-scroll",
	.what = "a page of letters that moves by 1 to 60 pixels a frame, under a bar that stands still",
	.fps = 30,
	.frames = 2 * ROUND,
	.impl = &text_scroll_impl,
};
