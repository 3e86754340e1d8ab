/* Pages of text: lines of common words and tables, without end, by line number; and what happens on such pages. */
#include "bench/letters.h"

#define LINE KG_LETTER_HEIGHT
#define BLOCK 40			// lines: a heading, text, a table, text, with a gap between each and the next
#define TABLE_FROM 19
#define TABLE_TO 30
#define MARGIN 20			// pixels
#define COLUMN 236
#define PAPER 0xffffff
#define INK 0x000000

static const char *const words[] = {
	"the", "of", "and", "to", "in", "is", "that", "it", "was", "for", "on", "are", "as", "with", "his", "they", "at", "be",
	"this", "from", "have", "or", "by", "one", "had", "not", "but", "what", "all", "were", "when", "we", "there", "can",
	"your", "which", "their", "said", "if", "will", "each", "about", "how", "up", "out", "them", "then", "many", "some",
	"these", "would", "other", "into", "has", "more", "two", "like", "him", "see", "time", "could", "make", "than", "first",
	"been", "its", "who", "now", "people", "made", "over", "down", "only", "way", "find", "use", "may", "water", "long",
	"little", "very", "after", "words", "called", "just", "where", "most", "know", "through", "back", "much", "before",
	"good", "new", "write", "used", "too", "any", "day", "same", "right", "look", "think", "around", "another", "came",
	"come", "work", "three", "must", "because", "does", "part", "even", "place", "well", "such", "here", "take", "why",
	"things", "help", "put", "years", "different", "away", "again", "off", "went", "number", "great", "tell", "say", "small",
	"every", "found", "still", "between", "name", "should", "home", "big", "give", "line", "set", "own", "under", "read",
	"last", "never", "left", "end", "along", "while", "might", "next", "sound", "below", "saw", "something", "thought",
	"both", "few", "those", "always", "looked", "show", "large", "often", "together", "asked", "house", "world", "going",
	"school", "important", "until", "form", "food", "keep", "children", "feet", "land", "side", "without", "once", "life",
	"enough", "sometimes", "four", "head", "above", "kind", "began", "almost", "page", "earth", "need", "far", "hand",
	"high", "year", "light", "parts", "country", "story", "since", "white", "paper", "hard", "near", "sentence", "better",
	"best", "across", "during", "today", "others", "however", "sure", "means", "knew", "young", "whole", "example", "heard",
	"several", "change", "answer", "room", "against", "turned", "learn", "point", "city", "toward", "using", "usually",
};

static const char *word_at(uint32_t seed, uint32_t line, uint32_t i)
{
	return words[kg_hash(seed, line, i) % KG_ARRAY_SIZE(words)];
}

struct page {
	struct kg_letters *letters;
	uint32_t seed;
	int32_t left, right, top;	// the page's edges, and where line 0 begins
};

static void draw_text_line(const struct page *page, const struct kg_canvas *canvas, uint32_t line, int32_t y,
			   enum kg_letter_face face)
{
	uint32_t colour = kg_hash(page->seed, line, 0x11) % 8 ? INK : 0x0563c1;
	int32_t x = page->left + MARGIN;

	for (uint32_t i = 0; x < page->right - MARGIN - 90; i++) {
		x = kg_letters_string(page->letters, canvas, x, y, face, colour, word_at(page->seed, line, 100 + i));
		x += kg_letters_put(page->letters, canvas, x, y, face, colour, ' ');
		if (face == KG_LETTER_BOLD && i == 6)
			break;
	}
}

static void draw_table_row(const struct page *page, const struct kg_canvas *canvas, uint32_t line, int32_t y, bool title)
{
	static const uint32_t colours[] = { 0xddebf7, 0xfff2cc, 0xe2efda, 0xfce4d6, 0xffffff, 0xededed };

	for (int32_t i = 0, x = page->left + MARGIN; x + COLUMN <= page->right - MARGIN; i++, x += COLUMN) {
		uint32_t h = kg_hash(page->seed, line, (uint32_t)i), number = h % 100000;
		uint32_t colour = title ? 0x4472c4 : colours[(line * 3 + (uint32_t)i) % KG_ARRAY_SIZE(colours)];
		const char digits[] = { (char)('0' + number / 10000), (char)('0' + number / 1000 % 10),
					(char)('0' + number / 100 % 10), '.', (char)('0' + number / 10 % 10),
					(char)('0' + number % 10), 0 };
		int32_t end;

		kg_canvas_fill(canvas, x, y, COLUMN + 1, LINE, 0x787878);
		kg_canvas_fill(canvas, x + 1, y + 1, COLUMN - 1, LINE - 1, colour);
		end = kg_letters_string(page->letters, canvas, x + 6, y + 1, title ? KG_LETTER_BOLD : KG_LETTER_PLAIN,
					title ? 0xffffff : INK, word_at(page->seed, line, (uint32_t)i));
		if (!title)
			kg_letters_string(page->letters, canvas, end + 8, y + 1, KG_LETTER_PLAIN, INK, digits);
	}
}

static void draw_line(const struct page *page, const struct kg_canvas *canvas, uint32_t line, int32_t y)
{
	uint32_t kind = line % BLOCK;

	if (kind >= TABLE_FROM && kind < TABLE_TO)
		draw_table_row(page, canvas, line, y, kind == TABLE_FROM);
	else if (kind && kind != TABLE_FROM - 1 && kind != TABLE_TO && kind != BLOCK - 1)
		draw_text_line(page, canvas, line, y, KG_LETTER_PLAIN);
	else if (!kind)
		draw_text_line(page, canvas, line, y, KG_LETTER_BOLD);
}

/* The part of the page that lies inside of the canvas, scrolled down by scroll pixels. */
static void draw_page(const struct page *page, const struct kg_canvas *canvas, uint32_t scroll)
{
	int32_t y = page->top - (int32_t)(scroll % LINE);

	kg_canvas_fill(canvas, canvas->left, canvas->top, canvas->right - canvas->left, canvas->bottom - canvas->top, PAPER);
	for (uint32_t line = scroll / LINE; y < canvas->bottom; line++, y += LINE)
		draw_line(page, canvas, line, y);
}

int kg_picture_text(struct kg_canvas *canvas, uint32_t seed, uint32_t frame)
{
	struct page page = { .seed = seed, .right = canvas->width, .top = 8 };
	int r = kg_letters_new(&page.letters, false);

	if (r < 0)
		return r;
	draw_page(&page, canvas, frame);
	kg_letters_free(page.letters);
	return 0;
}

/* ---- scrolled beside what stands still ---- */

#define BAR 61				// pixels: no multiple of a tile
#define LIST 229

static void draw_bar(const struct page *page, const struct kg_canvas *canvas)
{
	for (int32_t y = 0; y < KG_MIN(BAR, canvas->height); y++) {
		uint32_t grey = 0xf8 - (uint32_t)y / 2;

		kg_canvas_fill(canvas, 0, y, canvas->width, 1, y == BAR - 1 ? 0x9a9a9a : grey << 16 | grey << 8 | grey);
	}
	for (int32_t i = 0, x = 12; x < canvas->width; i++, x += 110) {
		kg_canvas_fill(canvas, x, 12, 26, 26, kg_hash(page->seed, 0x22, (uint32_t)i) & 0xffffff);
		kg_letters_string(page->letters, canvas, x + 32, 16, KG_LETTER_BOLD, 0x303030, word_at(page->seed, 0x33, (uint32_t)i));
	}
}

static void draw_list(const struct page *page, const struct kg_canvas *canvas)
{
	kg_canvas_fill(canvas, 0, BAR, LIST - 1, canvas->height, 0x2b3a4a);
	kg_canvas_fill(canvas, LIST - 1, BAR, 1, canvas->height, 0x10181f);
	for (int32_t i = 0, y = BAR + 10; y < canvas->height; i++, y += 30) {
		if (i % 9 == 4)
			kg_canvas_fill(canvas, 4, y - 3, LIST - 10, 28, 0x3d6fa5);
		kg_letters_string(page->letters, canvas, 16, y, KG_LETTER_PLAIN, 0xe8eef4, word_at(page->seed, 0x44, (uint32_t)i));
	}
}

int kg_picture_scroll(struct kg_canvas *canvas, uint32_t seed, uint32_t frame)
{
	struct page page = { .seed = seed, .left = LIST, .right = canvas->width, .top = BAR + 8 };
	struct kg_canvas inner = *canvas;
	int r = kg_letters_new(&page.letters, true);

	if (r < 0)
		return r;
	draw_bar(&page, canvas);
	draw_list(&page, canvas);
	inner.left = KG_MIN(LIST, canvas->width);
	inner.top = KG_MIN(BAR, canvas->height);
	draw_page(&page, &inner, frame);
	kg_letters_free(page.letters);
	return 0;
}

/* ---- typed into ---- */

#define TYPED_MAX 4000		// letters; then it begins anew

/* Words of the same kind after each other, and a caret behind them, in the empty middle of the page. */
static void draw_typed(const struct page *page, const struct kg_canvas *canvas, int32_t y, uint32_t count)
{
	int32_t x = page->left + MARGIN, end = page->right - MARGIN - 90;
	uint32_t word = 0, i = 0;

	for (const char *text = word_at(page->seed, 0x55, 0); count; count--) {
		char c = text[i++];

		x += kg_letters_put(page->letters, canvas, x, y, KG_LETTER_PLAIN, INK, c ? c : ' ');
		if (c)
			continue;
		text = word_at(page->seed, 0x55, ++word);
		i = 0;
		if (x > end) {
			x = page->left + MARGIN;
			y += LINE;
		}
	}
	kg_canvas_fill(canvas, x, y + 1, 1, 18, INK);
}

int kg_picture_typing(struct kg_canvas *canvas, uint32_t seed, uint32_t frame)
{
	struct page page = { .seed = seed, .right = canvas->width, .top = 8 };
	int32_t y = page.top + canvas->height / LINE / 3 * LINE;
	int r = kg_letters_new(&page.letters, true);

	if (r < 0)
		return r;
	draw_page(&page, canvas, 0);
	kg_canvas_fill(canvas, 0, y, canvas->width, canvas->height / 4, PAPER);
	draw_typed(&page, canvas, y, frame % TYPED_MAX);
	kg_letters_free(page.letters);
	return 0;
}

/* ---- a window dragged ---- */

/* A title and a page of its own. */
static void draw_window(const struct page *page, const struct kg_canvas *canvas, int32_t x, int32_t y, int32_t width,
			int32_t height)
{
	struct page own = { page->letters, page->seed + 1, x, x + width, y + 34 };
	struct kg_canvas inner = *canvas;

	kg_canvas_fill(canvas, x - 1, y - 1, width + 2, height + 2, 0x404040);
	kg_canvas_fill(canvas, x, y, width, 30, 0x2d5c9e);
	kg_letters_string(page->letters, canvas, x + 10, y + 5, KG_LETTER_BOLD, 0xffffff, "letters - a window");
	kg_canvas_fill(canvas, x + width - 26, y + 7, 16, 16, 0xd05040);
	inner.left = KG_MAX(x, 0);
	inner.top = KG_MAX(y + 30, 0);
	inner.right = KG_MIN(x + width, canvas->width);
	inner.bottom = KG_MIN(y + height, canvas->height);
	if (inner.left < inner.right && inner.top < inner.bottom)
		draw_page(&own, &inner, 0);
}

int kg_picture_drag(struct kg_canvas *canvas, uint32_t seed, uint32_t frame)
{
	struct page page = { .seed = seed, .right = canvas->width, .top = 8 };
	int32_t width = canvas->width / 3, height = canvas->height / 2;
	int32_t room_x = canvas->width - width + 1, room_y = canvas->height - height + 1;
	int r = kg_letters_new(&page.letters, true);

	if (r < 0)
		return r;
	draw_page(&page, canvas, 0);
	draw_window(&page, canvas, (int32_t)((40 + (uint64_t)7 * frame) % (uint32_t)room_x),
		    (int32_t)((30 + (uint64_t)4 * frame) % (uint32_t)room_y), width, height);
	kg_letters_free(page.letters);
	return 0;
}
