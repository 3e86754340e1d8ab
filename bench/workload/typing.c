/*
 * typing: a page into which somebody types: six to nine letters a second in bursts, with a pause to think. When the
 * page is full it is taken away. And kg_workload_letters, of which it is made, whose number is that of the letters
 * typed.
 */
#include "bench/workload/page.h"
#include "bench/workload/workload_impl.h"

#define LETTERS_MAX 20000		// on one page

struct letters {
	struct kg_workload workload;
	struct kg_page page;
	struct kg_typed typed;		// as the canvas shows it
	uint32_t room;			// letters that fit on a page
	int32_t top;			// where what is typed begins
};

static int letters_init(struct kg_workload *workload)
{
	struct letters *letters = kg_container_of(workload, struct letters, workload);
	const struct kg_canvas *canvas = &workload->canvas, nowhere = { 0 };
	struct kg_typed typed;
	int r = kg_letters_new(&letters->page.letters, true);

	if (r < 0)
		return r;
	workload->cursor = KG_WORKLOAD_BEAM;
	letters->page.seed = workload->seed;
	letters->page.right = canvas->width;
	letters->page.top = KG_PAGE_BAR;
	letters->top = KG_PAGE_BAR + canvas->height / KG_PAGE_LINE / 3 * KG_PAGE_LINE;
	kg_typed_init(&typed, &letters->page, letters->top);
	while (letters->room < LETTERS_MAX && typed.y + KG_PAGE_LINE <= canvas->height) {
		kg_typed_letter(&typed, &nowhere);
		letters->room++;
	}
	letters->room = KG_MAX(letters->room, 1u);
	return 0;
}

static void draw_page(struct letters *letters)
{
	struct kg_canvas *canvas = &letters->workload.canvas, above = *canvas;

	kg_page_bar(&letters->page, canvas);
	above.top = KG_MIN(KG_PAGE_BAR, canvas->height);
	above.bottom = KG_MIN(letters->top, canvas->height);
	kg_page_draw(&letters->page, &above, 0);
	kg_canvas_fill(canvas, 0, letters->top, canvas->width, canvas->height, KG_PAGE_PAPER);
	kg_typed_init(&letters->typed, &letters->page, letters->top);
}

static void add_damage(struct letters *letters, struct kg_rect rect)
{
	const struct kg_canvas *canvas = &letters->workload.canvas;

	kg_region_add(&letters->workload.damage,
		      kg_rect_intersect(rect, (struct kg_rect){ 0, 0, canvas->width, canvas->height }));
}

static void letters_draw(struct kg_workload *workload, uint32_t number)
{
	struct letters *letters = kg_container_of(workload, struct letters, workload);
	uint32_t before = workload->number % letters->room, now = number % letters->room;

	if (!workload->drawn || workload->number / letters->room != number / letters->room || now < before) {
		draw_page(letters);
		kg_workload_damage_all(workload);
		before = 0;
	} else {
		kg_typed_hide_caret(&letters->typed, &workload->canvas);
		add_damage(letters, kg_typed_caret(&letters->typed));
	}
	for (; before < now; before++) {
		int32_t x = letters->typed.x, y = letters->typed.y;

		kg_typed_letter(&letters->typed, &workload->canvas);
		add_damage(letters, (struct kg_rect){ x, y, x + KG_LETTER_WIDTH_MAX, y + KG_LETTER_HEIGHT });
	}
	kg_typed_show_caret(&letters->typed, &workload->canvas);
	add_damage(letters, kg_typed_caret(&letters->typed));
}

static void letters_done(struct kg_workload *workload)
{
	kg_letters_free(kg_container_of(workload, struct letters, workload)->page.letters);
}

static const struct kg_workload_impl letters_impl = {
	.size = sizeof(struct letters),
	.init = letters_init,
	.draw = letters_draw,
	.done = letters_done,
};

const struct kg_workload_kind kg_workload_letters = {
	.name = "letters",
	.what = "a page into which as many letters are typed as the number says",
	.fps = 8,
	.frames = 480,
	.impl = &letters_impl,
};

/* ---- as people do ---- */

#define ROUND 300			// frames
#define PAUSE 60			// the last of them: nothing is typed

struct typing {
	struct kg_workload workload;
	struct kg_workload *letters;
	uint32_t typed[ROUND + 1];	// letters, at the frames of a round
};

static int typing_init(struct kg_workload *workload)
{
	struct typing *typing = kg_container_of(workload, struct typing, workload);
	uint32_t next = 0;

	for (uint32_t i = 0; i < ROUND; i++) {
		bool key = i == next && i < ROUND - PAUSE;

		if (key)
			next += (uint32_t)kg_hash_range(workload->seed, 0x71, i, 2, 6);
		typing->typed[i + 1] = typing->typed[i] + key;
	}
	return kg_workload_part(workload, &typing->letters, &kg_workload_letters, 0, 0,
				(uint32_t)workload->canvas.width, (uint32_t)workload->canvas.height);
}

static void typing_draw(struct kg_workload *workload, uint32_t number)
{
	struct typing *typing = kg_container_of(workload, struct typing, workload);

	kg_workload_draw_part(workload, typing->letters,
			      number / ROUND * typing->typed[ROUND] + typing->typed[number % ROUND]);
}

static void typing_done(struct kg_workload *workload)
{
	kg_workload_free(kg_container_of(workload, struct typing, workload)->letters);
}

static const struct kg_workload_impl typing_impl = {
	.size = sizeof(struct typing),
	.init = typing_init,
	.draw = typing_draw,
	.done = typing_done,
};

const struct kg_workload_kind kg_workload_typing = {
	.name = "typing",
	.what = "letters typed into a page, seven and a half a second, with pauses",
	.fps = 30,
	.frames = 2 * ROUND,
	.impl = &typing_impl,
};
