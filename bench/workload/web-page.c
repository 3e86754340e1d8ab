/*
 * web-page: an article without end: headings, text, wide pictures that change every few seconds, and cards with
 * pictures beside. It is read as people do: a look, then a turn of the wheel that glides out; at the end of what is
 * read, back to the top.
 */
#include "bench/workload/page.h"
#include "bench/workload/pictures.h"
#include "bench/workload/workload_impl.h"

#define LOOK 36				// frames
#define GLIDE 24
#define WHEEL (LOOK + GLIDE)
#define DISTANCE 640			// pixels a turn of the wheel
#define TURNS 12			// then back to the top
#define CHANGE 90			// frames that a wide picture stays

#define SECTION 1180			// pixels: the article repeats its layout, not its words
#define WIDE_TOP 70			// the wide picture
#define WIDE_HEIGHT 420
#define TEXT_TOP (WIDE_TOP + WIDE_HEIGHT + 26)
#define TEXT_LINES 26
#define CARD_TOP 24
#define CARD_STEP 280
#define CARDS 4
#define CARD_WIDTH 300
#define CARD_HEIGHT 190
#define EDGE 40				// pixels between the parts

static const char *const names[] = { "photo", "terrain", "dark" };

#define PICTURES KG_ARRAY_SIZE(names)

struct web_page {
	struct kg_workload workload;
	struct kg_page page;
	int32_t width;			// of the wide column
	uint8_t *wide[PICTURES], *card[PICTURES];
};

static int make_picture(const struct web_page *web, uint8_t **ret, size_t i, int32_t width, int32_t height)
{
	size_t stride = (size_t)width * 4;

	*ret = malloc(stride * (size_t)height);
	return *ret ? kg_picture_draw(kg_picture_find(names[i]), web->workload.seed + 1, 40, *ret, (uint32_t)width,
				      (uint32_t)height, stride)
		    : -ENOMEM;
}

static int web_page_init(struct kg_workload *workload)
{
	struct web_page *web = kg_container_of(workload, struct web_page, workload);
	int r = kg_letters_new(&web->page.letters, true);

	web->page.seed = workload->seed;
	web->width = KG_MAX(workload->canvas.width - 3 * EDGE - CARD_WIDTH, 1);
	for (size_t i = 0; r == 0 && i < PICTURES; i++) {
		r = make_picture(web, &web->wide[i], i, web->width, WIDE_HEIGHT);
		if (r == 0)
			r = make_picture(web, &web->card[i], i, CARD_WIDTH, CARD_HEIGHT);
	}
	return r;
}

/* How far down the page is. */
static uint32_t scrolled(uint32_t number)
{
	uint32_t turn = number / WHEEL % TURNS, at = number % WHEEL, left;

	if (at < LOOK)
		return turn * DISTANCE;
	left = GLIDE - (at - LOOK);	// fast first
	return turn * DISTANCE + DISTANCE * (GLIDE * GLIDE - left * left) / (GLIDE * GLIDE);
}

/* Which picture the wide place of a section has. */
static size_t wide_of(uint32_t section, uint32_t number)
{
	return (section + number / CHANGE) % PICTURES;
}

static void draw_words(const struct web_page *web, const struct kg_canvas *canvas, uint32_t line, int32_t x, int32_t y,
		       int32_t right, enum kg_letter_face face)
{
	if (y >= canvas->bottom || y + KG_LETTER_HEIGHT <= canvas->top)
		return;
	for (uint32_t i = 0; x < right - 90; i++) {
		uint32_t colour = kg_hash(web->page.seed, line, i) % 23 ? 0x202124 : 0x1a0dab;

		x = kg_letters_string(web->page.letters, canvas, x, y, face, colour,
				      kg_page_word(web->page.seed, line, i));
		x += kg_letters_put(web->page.letters, canvas, x, y, face, colour, ' ');
	}
}

static void draw_cards(const struct web_page *web, const struct kg_canvas *canvas, uint32_t section, int32_t top)
{
	int32_t x = 2 * EDGE + web->width;

	for (uint32_t i = 0; i < CARDS; i++) {
		int32_t y = top + CARD_TOP + (int32_t)i * CARD_STEP;

		if (y >= canvas->bottom || y + CARD_STEP <= canvas->top)
			continue;
		kg_canvas_fill(canvas, x - 1, y - 1, CARD_WIDTH + 2, CARD_STEP - 22, 0xdadce0);
		kg_canvas_fill(canvas, x, y, CARD_WIDTH, CARD_STEP - 24, 0xf8f9fa);
		kg_canvas_blit(canvas, x, y, web->card[(section + i) % PICTURES], CARD_WIDTH * 4, CARD_WIDTH,
			       CARD_HEIGHT);
		for (int32_t line = 0; line < 2; line++)
			draw_words(web, canvas, section * 100 + 60 + i * 2 + (uint32_t)line, x + 10,
				   y + CARD_HEIGHT + 8 + line * KG_PAGE_LINE, x + CARD_WIDTH, KG_LETTER_PLAIN);
	}
}

static void draw_section(const struct web_page *web, const struct kg_canvas *canvas, uint32_t section, int32_t top,
			 uint32_t number)
{
	draw_words(web, canvas, section * 100, EDGE, top + 30, EDGE + web->width, KG_LETTER_BOLD);
	kg_canvas_blit(canvas, EDGE, top + WIDE_TOP, web->wide[wide_of(section, number)], (size_t)web->width * 4,
		       web->width, WIDE_HEIGHT);
	for (uint32_t line = 0; line < TEXT_LINES; line++)
		draw_words(web, canvas, section * 100 + 1 + line, EDGE,
			   top + TEXT_TOP + (int32_t)line * (KG_PAGE_LINE + 2), EDGE + web->width, KG_LETTER_PLAIN);
	draw_cards(web, canvas, section, top);
}

/* The part of the page that lies inside of the canvas. */
static void draw_page(const struct web_page *web, const struct kg_canvas *canvas, uint32_t number)
{
	uint32_t scroll = scrolled(number), section = scroll / SECTION;

	kg_canvas_fill(canvas, canvas->left, canvas->top, canvas->right - canvas->left, canvas->bottom - canvas->top,
		       0xffffff);
	for (int32_t top = -(int32_t)(scroll % SECTION); top < canvas->bottom; top += SECTION)
		draw_section(web, canvas, section++, top, number);
}

static void add_damage(struct web_page *web, const struct kg_canvas *part)
{
	kg_region_add(&web->workload.damage, (struct kg_rect){ part->left, part->top, part->right, part->bottom });
}

/* Wide pictures that are another one now. */
static void change_pictures(struct web_page *web, uint32_t number)
{
	uint32_t scroll = scrolled(number), section = scroll / SECTION;
	struct kg_canvas *canvas = &web->workload.canvas;

	for (int32_t top = -(int32_t)(scroll % SECTION); top < canvas->bottom; top += SECTION, section++) {
		struct kg_canvas part = *canvas;

		part.left = KG_MIN(EDGE, canvas->right);
		part.right = KG_MIN(EDGE + web->width, canvas->right);
		part.top = KG_MIN(KG_MAX(top + WIDE_TOP, 0), canvas->bottom);
		part.bottom = KG_MIN(KG_MAX(top + WIDE_TOP + WIDE_HEIGHT, 0), canvas->bottom);
		draw_section(web, &part, section, top, number);
		add_damage(web, &part);
	}
}

static void web_page_draw(struct kg_workload *workload, uint32_t number)
{
	struct web_page *web = kg_container_of(workload, struct web_page, workload);
	struct kg_canvas strip = workload->canvas;
	int32_t by = (int32_t)(scrolled(number) - scrolled(workload->number));

	if (!workload->drawn || abs(by) >= strip.height) {
		draw_page(web, &strip, number);
		kg_workload_damage_all(workload);
	} else {
		if (by) {
			kg_canvas_scroll(&workload->canvas, by);
			if (by > 0)
				strip.top = strip.bottom - by;
			else
				strip.bottom = -by;
			draw_page(web, &strip, number);
			kg_workload_damage_all(workload);
		}
		if (number / CHANGE != workload->number / CHANGE)
			change_pictures(web, number);
	}
	workload->cursor = number % WHEEL < LOOK / 2 ? KG_WORKLOAD_HAND : KG_WORKLOAD_ARROW;
}

static void web_page_done(struct kg_workload *workload)
{
	struct web_page *web = kg_container_of(workload, struct web_page, workload);

	for (size_t i = 0; i < PICTURES; i++) {
		free(web->wide[i]);
		free(web->card[i]);
	}
	kg_letters_free(web->page.letters);
}

static const struct kg_workload_impl web_page_impl = {
	.size = sizeof(struct web_page),
	.init = web_page_init,
	.draw = web_page_draw,
	.done = web_page_done,
};

const struct kg_workload_kind kg_workload_web_page = {
	.name = "web-page",
	.what = "an article with pictures that is read and scrolled",
	.fps = 30,
	.frames = TURNS * WHEEL,
	.impl = &web_page_impl,
};
