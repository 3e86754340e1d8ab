/* Pictures of text: a page, and what happens on such pages. */
#include "bench/workload/page.h"
#include "bench/workload/picture-impl.h"

int kg_picture_text(struct kg_canvas *canvas, uint32_t seed, uint32_t frame)
{
	struct kg_page page = { .seed = seed, .right = canvas->width, .top = 8 };
	int r = kg_letters_new(&page.letters, false);

	if (r < 0)
		return r;
	kg_page_draw(&page, canvas, frame);
	kg_letters_free(page.letters);
	return 0;
}

/* ---- scrolled beside what stands still ---- */

int kg_picture_scroll(struct kg_canvas *canvas, uint32_t seed, uint32_t frame)
{
	struct kg_page page = { .seed = seed, .left = KG_PAGE_LIST, .right = canvas->width, .top = KG_PAGE_BAR + 8 };
	struct kg_canvas inner = *canvas;
	int r = kg_letters_new(&page.letters, true);

	if (r < 0)
		return r;
	kg_page_bar(&page, canvas);
	kg_page_list(&page, canvas);
	inner.left = KG_MIN(KG_PAGE_LIST, canvas->width);
	inner.top = KG_MIN(KG_PAGE_BAR, canvas->height);
	kg_page_draw(&page, &inner, frame);
	kg_letters_free(page.letters);
	return 0;
}

/* ---- typed into ---- */

#define TYPED_MAX 4000		// letters; then it begins anew

int kg_picture_typing(struct kg_canvas *canvas, uint32_t seed, uint32_t frame)
{
	struct kg_page page = { .seed = seed, .right = canvas->width, .top = 8 };
	int32_t y = page.top + canvas->height / KG_PAGE_LINE / 3 * KG_PAGE_LINE;
	struct kg_typed typed;
	int r = kg_letters_new(&page.letters, true);

	if (r < 0)
		return r;
	kg_page_draw(&page, canvas, 0);
	kg_canvas_fill(canvas, 0, y, canvas->width, canvas->height / 4, KG_PAGE_PAPER);
	kg_typed_init(&typed, &page, y);
	for (uint32_t i = 0; i < frame % TYPED_MAX; i++)
		kg_typed_letter(&typed, canvas);
	kg_typed_show_caret(&typed, canvas);
	kg_letters_free(page.letters);
	return 0;
}

/* ---- a window dragged ---- */

int kg_picture_drag(struct kg_canvas *canvas, uint32_t seed, uint32_t frame)
{
	struct kg_page page = { .seed = seed, .right = canvas->width, .top = 8 };
	int32_t width = canvas->width / 3, height = canvas->height / 2;
	int32_t room_x = canvas->width - width + 1, room_y = canvas->height - height + 1;
	int r = kg_letters_new(&page.letters, true);

	if (r < 0)
		return r;
	kg_page_draw(&page, canvas, 0);
	kg_page_window(&page, canvas, (int32_t)((40 + (uint64_t)7 * frame) % (uint32_t)room_x),
		    (int32_t)((30 + (uint64_t)4 * frame) % (uint32_t)room_y), width, height, 0);
	kg_letters_free(page.letters);
	return 0;
}
