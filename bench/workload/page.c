/* Pages of text: lines of common words and tables, without end, by line number. */
#include "bench/workload/page.h"

#define BLOCK 40			// lines: a heading, text, a table, text, with a gap between each and the next
#define TABLE_FROM 19
#define TABLE_TO 30
#define COLUMN 236

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

const char *kg_page_word(uint32_t seed, uint32_t line, uint32_t i)
{
	return words[kg_hash(seed, line, i) % KG_ARRAY_SIZE(words)];
}

static void draw_text_line(const struct kg_page *page, const struct kg_canvas *canvas, uint32_t line, int32_t y,
			   enum kg_letter_face face)
{
	uint32_t colour = kg_hash(page->seed, line, 0x11) % 8 ? KG_PAGE_INK : 0x0563c1;
	int32_t x = page->left + KG_PAGE_MARGIN;

	for (uint32_t i = 0; x < page->right - KG_PAGE_MARGIN - 90; i++) {
		x = kg_letters_string(page->letters, canvas, x, y, face, colour, kg_page_word(page->seed, line, 100 + i));
		x += kg_letters_put(page->letters, canvas, x, y, face, colour, ' ');
		if (face == KG_LETTER_BOLD && i == 6)
			break;
	}
}

static void draw_table_row(const struct kg_page *page, const struct kg_canvas *canvas, uint32_t line, int32_t y, bool title)
{
	static const uint32_t colours[] = { 0xddebf7, 0xfff2cc, 0xe2efda, 0xfce4d6, 0xffffff, 0xededed };

	for (int32_t i = 0, x = page->left + KG_PAGE_MARGIN; x + COLUMN <= page->right - KG_PAGE_MARGIN; i++, x += COLUMN) {
		uint32_t h = kg_hash(page->seed, line, (uint32_t)i), number = h % 100000;
		uint32_t colour = title ? 0x4472c4 : colours[(line * 3 + (uint32_t)i) % KG_ARRAY_SIZE(colours)];
		const char digits[] = { (char)('0' + number / 10000), (char)('0' + number / 1000 % 10),
					(char)('0' + number / 100 % 10), '.', (char)('0' + number / 10 % 10),
					(char)('0' + number % 10), 0 };
		int32_t end;

		kg_canvas_fill(canvas, x, y, COLUMN + 1, KG_PAGE_LINE, 0x787878);
		kg_canvas_fill(canvas, x + 1, y + 1, COLUMN - 1, KG_PAGE_LINE - 1, colour);
		end = kg_letters_string(page->letters, canvas, x + 6, y + 1, title ? KG_LETTER_BOLD : KG_LETTER_PLAIN,
					title ? 0xffffff : KG_PAGE_INK, kg_page_word(page->seed, line, (uint32_t)i));
		if (!title)
			kg_letters_string(page->letters, canvas, end + 8, y + 1, KG_LETTER_PLAIN, KG_PAGE_INK, digits);
	}
}

static void draw_line(const struct kg_page *page, const struct kg_canvas *canvas, uint32_t line, int32_t y)
{
	uint32_t kind = line % BLOCK;

	if (kind >= TABLE_FROM && kind < TABLE_TO)
		draw_table_row(page, canvas, line, y, kind == TABLE_FROM);
	else if (kind && kind != TABLE_FROM - 1 && kind != TABLE_TO && kind != BLOCK - 1)
		draw_text_line(page, canvas, line, y, KG_LETTER_PLAIN);
	else if (!kind)
		draw_text_line(page, canvas, line, y, KG_LETTER_BOLD);
}

void kg_page_draw(const struct kg_page *page, const struct kg_canvas *canvas, uint32_t scroll)
{
	int32_t y = page->top - (int32_t)(scroll % KG_PAGE_LINE);

	kg_canvas_fill(canvas, canvas->left, canvas->top, canvas->right - canvas->left, canvas->bottom - canvas->top, KG_PAGE_PAPER);
	for (uint32_t line = scroll / KG_PAGE_LINE; y < canvas->bottom; line++, y += KG_PAGE_LINE)
		if (y + KG_PAGE_LINE > canvas->top)
			draw_line(page, canvas, line, y);
}

void kg_page_scroll(const struct kg_page *page, const struct kg_canvas *canvas, uint32_t from, uint32_t to)
{
	int64_t by = (int64_t)to - from;
	int32_t height = canvas->bottom - canvas->top;
	struct kg_canvas strip = *canvas;

	if (by <= -height || by >= height) {
		kg_page_draw(page, canvas, to);
		return;
	}
	kg_canvas_scroll(canvas, (int32_t)by);
	if (by > 0)
		strip.top = strip.bottom - (int32_t)by;
	else
		strip.bottom = strip.top - (int32_t)by;
	kg_page_draw(page, &strip, to);
}

void kg_page_bar(const struct kg_page *page, const struct kg_canvas *canvas)
{
	for (int32_t y = 0; y < KG_MIN(KG_PAGE_BAR, canvas->height); y++) {
		uint32_t grey = 0xf8 - (uint32_t)y / 2;

		kg_canvas_fill(canvas, 0, y, canvas->width, 1, y == KG_PAGE_BAR - 1 ? 0x9a9a9a : grey << 16 | grey << 8 | grey);
	}
	for (int32_t i = 0, x = 12; x < canvas->width; i++, x += 110) {
		kg_canvas_fill(canvas, x, 12, 26, 26, kg_hash(page->seed, 0x22, (uint32_t)i) & 0xffffff);
		kg_letters_string(page->letters, canvas, x + 32, 16, KG_LETTER_BOLD, 0x303030, kg_page_word(page->seed, 0x33, (uint32_t)i));
	}
}

void kg_page_list(const struct kg_page *page, const struct kg_canvas *canvas)
{
	kg_canvas_fill(canvas, 0, KG_PAGE_BAR, KG_PAGE_LIST - 1, canvas->height, 0x2b3a4a);
	kg_canvas_fill(canvas, KG_PAGE_LIST - 1, KG_PAGE_BAR, 1, canvas->height, 0x10181f);
	for (int32_t i = 0, y = KG_PAGE_BAR + 10; y < canvas->height; i++, y += 30) {
		if (i % 9 == 4)
			kg_canvas_fill(canvas, 4, y - 3, KG_PAGE_LIST - 10, 28, 0x3d6fa5);
		kg_letters_string(page->letters, canvas, 16, y, KG_LETTER_PLAIN, 0xe8eef4, kg_page_word(page->seed, 0x44, (uint32_t)i));
	}
}

void kg_page_window(const struct kg_page *page, const struct kg_canvas *canvas, int32_t x, int32_t y, int32_t width,
		    int32_t height, uint32_t scroll)
{
	struct kg_page own = { page->letters, page->seed + 1, x, x + width, y + KG_PAGE_TITLE + 4 };
	struct kg_canvas inner = *canvas;

	kg_canvas_fill(canvas, x - 1, y - 1, width + 2, height + 2, 0x404040);
	kg_canvas_fill(canvas, x, y, width, KG_PAGE_TITLE, 0x2d5c9e);
	kg_letters_string(page->letters, canvas, x + 10, y + 5, KG_LETTER_BOLD, 0xffffff, "letters - a window");
	kg_canvas_fill(canvas, x + width - 26, y + 7, 16, 16, 0xd05040);
	inner.left = KG_MAX(x, canvas->left);
	inner.top = KG_MAX(y + KG_PAGE_TITLE, canvas->top);
	inner.right = KG_MIN(x + width, canvas->right);
	inner.bottom = KG_MIN(y + height, canvas->bottom);
	if (inner.left < inner.right && inner.top < inner.bottom)
		kg_page_draw(&own, &inner, scroll);
}

/* ---- typed ---- */

void kg_typed_init(struct kg_typed *typed, const struct kg_page *page, int32_t y)
{
	*typed = (struct kg_typed){ .page = page, .x = page->left + KG_PAGE_MARGIN, .y = y };
}

void kg_typed_letter(struct kg_typed *typed, const struct kg_canvas *canvas)
{
	const struct kg_page *page = typed->page;
	char c = kg_page_word(page->seed, 0x55, typed->word)[typed->letter++];

	typed->x += kg_letters_put(page->letters, canvas, typed->x, typed->y, KG_LETTER_PLAIN, KG_PAGE_INK, c ? c : ' ');
	if (c)
		return;
	typed->word++;
	typed->letter = 0;
	if (typed->x > page->right - KG_PAGE_MARGIN - 90) {
		typed->x = page->left + KG_PAGE_MARGIN;
		typed->y += KG_PAGE_LINE;
	}
}

struct kg_rect kg_typed_caret(const struct kg_typed *typed)
{
	return (struct kg_rect){ typed->x, typed->y + 1, typed->x + 1, typed->y + 19 };
}

static struct kg_rect caret_on(const struct kg_typed *typed, const struct kg_canvas *canvas)
{
	return kg_rect_intersect(kg_typed_caret(typed),
				 (struct kg_rect){ canvas->left, canvas->top, canvas->right, canvas->bottom });
}

void kg_typed_show_caret(struct kg_typed *typed, const struct kg_canvas *canvas)
{
	struct kg_rect caret = caret_on(typed, canvas);

	for (int32_t y = caret.top; !kg_rect_empty(caret) && y < caret.bottom; y++)
		memcpy(&typed->below[y - typed->y], kg_canvas_at(canvas, caret.left, y), 4);
	kg_canvas_fill(canvas, typed->x, typed->y + 1, 1, 18, KG_PAGE_INK);
}

void kg_typed_hide_caret(const struct kg_typed *typed, const struct kg_canvas *canvas)
{
	struct kg_rect caret = caret_on(typed, canvas);

	for (int32_t y = caret.top; !kg_rect_empty(caret) && y < caret.bottom; y++)
		memcpy(kg_canvas_at(canvas, caret.left, y), &typed->below[y - typed->y], 4);
}
