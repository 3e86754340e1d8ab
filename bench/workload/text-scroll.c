/*
 * text-scroll: a bar that stands still, and under it a page of letters smoothed for LCDs that moves by 1 to 60 pixels a
 * frame: faster and faster and slower again, a rest, three steady speeds, a rest.
 */
#include "bench/workload/page.h"
#include "bench/workload/workload_impl.h"

#define ROUND 300			// frames
#define FASTEST 60			// pixels a frame

struct text_scroll {
	struct kg_workload workload;
	struct kg_page page;
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
	workload->cursor = KG_WORKLOAD_BEAM;
	scroll->page = (struct kg_page){ .seed = workload->seed, .right = workload->canvas.width, .top = KG_PAGE_BAR };
	return kg_letters_new(&scroll->page.letters, true);
}

static uint32_t scrolled(const struct text_scroll *scroll, uint32_t number)
{
	return number / ROUND * scroll->moved[ROUND] + scroll->moved[number % ROUND];
}

static void text_scroll_draw(struct kg_workload *workload, uint32_t number)
{
	struct text_scroll *scroll = kg_container_of(workload, struct text_scroll, workload);
	struct kg_canvas inner = workload->canvas;
	uint32_t before = scrolled(scroll, workload->number), now = scrolled(scroll, number);

	inner.top = KG_MIN(KG_PAGE_BAR, inner.bottom);
	if (!workload->drawn) {
		kg_page_bar(&scroll->page, &workload->canvas);
		kg_page_draw(&scroll->page, &inner, now);
	} else if (now != before) {
		kg_page_scroll(&scroll->page, &inner, before, now);
		kg_region_add(&workload->damage, (struct kg_rect){ inner.left, inner.top, inner.right, inner.bottom });
	}
}

static void text_scroll_done(struct kg_workload *workload)
{
	kg_letters_free(kg_container_of(workload, struct text_scroll, workload)->page.letters);
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
