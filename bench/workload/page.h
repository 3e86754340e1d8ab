/*
 * Pages as desktops show them: lines of text, headings and tables without end, a bar, a list, a window with a page of its
 * own, and text that is being typed. What stands on a line follows from its number and the seed.
 */
#pragma once

#include "bench/workload/letters.h"

#include "base/rect.h"

#define KG_PAGE_LINE KG_LETTER_HEIGHT	// pixels from line to line
#define KG_PAGE_MARGIN 20		// pixels left and right of the text
#define KG_PAGE_PAPER 0xffffff
#define KG_PAGE_INK 0x000000
#define KG_PAGE_BAR 61			// pixels, height of the bar: no multiple of a tile
#define KG_PAGE_LIST 229		// pixels, width of the list
#define KG_PAGE_TITLE 30		// pixels, height of a window's title

struct kg_page {
	struct kg_letters *letters;
	uint32_t seed;
	int32_t left, right, top;	// the page's edges, and where line 0 begins
};

const char *kg_page_word(uint32_t seed, uint32_t line, uint32_t i);

/* The part of the page that lies inside of the canvas, scrolled down by scroll pixels. */
void kg_page_draw(const struct kg_page *page, const struct kg_canvas *canvas, uint32_t scroll);

/* The same where the canvas shows the page scrolled by from. page->top must be canvas->top. */
void kg_page_scroll(const struct kg_page *page, const struct kg_canvas *canvas, uint32_t from, uint32_t to);

void kg_page_bar(const struct kg_page *page, const struct kg_canvas *canvas);	// at the top, over the whole width
void kg_page_list(const struct kg_page *page, const struct kg_canvas *canvas);	// at the left, under the bar

/* A frame of one pixel around x, y, width and height; inside a title, and a page of its own that is scrolled. */
void kg_page_window(const struct kg_page *page, const struct kg_canvas *canvas, int32_t x, int32_t y, int32_t width,
		    int32_t height, uint32_t scroll);

/* Words that are typed one letter after the other, without end, and the caret behind them. */
struct kg_typed {
	const struct kg_page *page;
	int32_t x, y;			// where the next letter goes
	uint32_t word, letter;		// which that is
	uint32_t below[KG_PAGE_LINE];	// what the caret hides
};

void kg_typed_init(struct kg_typed *typed, const struct kg_page *page, int32_t y);
void kg_typed_letter(struct kg_typed *typed, const struct kg_canvas *canvas);	// the caret is not shown
void kg_typed_show_caret(struct kg_typed *typed, const struct kg_canvas *canvas);
void kg_typed_hide_caret(const struct kg_typed *typed, const struct kg_canvas *canvas);
struct kg_rect kg_typed_caret(const struct kg_typed *typed);	// not clipped
