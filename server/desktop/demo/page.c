/* Scene 2: a page of text that scrolls by whole pixels, and a window that moves over it. */
#include "server/desktop/demo/page.h"

#include "server/desktop/demo/page_text.h"
#include "server/desktop/demo/text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>

#define PAPER_WIDTH 744
#define MARGIN 48
#define SPEED_PX 2			// pixels a frame
#define WINDOW_WIDTH 392
#define WINDOW_HEIGHT 264
#define TITLE_HEIGHT 26
#define BARS 32

#define INK 0xff24292fu
#define BLUE 0xff1f5fa8u
#define RED 0xffa8321fu
#define GREEN 0xff3d7a3du
#define FAINT 0xffd8d3c8u

static int32_t line_height(char style)
{
	return style == '=' ? 56 : style == '#' ? 36 : style == ' ' ? 10 : 18;
}

static int32_t document_height(void)
{
	int32_t sum = 0;

	for (size_t i = 0; i < KG_ARRAY_SIZE(page_text); i++)
		sum += line_height(page_text[i][0]);
	return sum;
}

static bool is_keyword(const char *word, size_t length)
{
	static const char *const keywords[] = { "struct", "static", "const", "void", "int", "if", "return", "for", "uint32_t",
						"uint64_t", "bool", "while", "else", "NULL" };

	for (size_t i = 0; i < KG_ARRAY_SIZE(keywords); i++)
		if (strlen(keywords[i]) == length && !strncmp(keywords[i], word, length))
			return true;
	return false;
}

/* A line of C in colours: keywords, numbers, comments, the rest. */
static void put_code(struct kg_text *text, int32_t x, int32_t y, const char *line)
{
	const char *from = line;

	while (*from) {
		size_t length = 1;
		uint32_t colour = INK;
		enum kg_font_face face = KG_FONT_PLAIN;

		if (!strncmp(from, "/*", 2) || !strncmp(from, "//", 2)) {
			length = strlen(from);
			colour = GREEN;
		} else if (isalpha((unsigned char)*from) || *from == '_') {
			while (isalnum((unsigned char)from[length]) || from[length] == '_')
				length++;
			if (is_keyword(from, length)) {
				colour = BLUE;
				face = KG_FONT_BOLD;
			}
		} else if (isdigit((unsigned char)*from)) {
			while (isalnum((unsigned char)from[length]))
				length++;
			colour = RED;
		}
		kg_text_span(text, x + (int32_t)(from - line) * KG_FONT_WIDTH, y, 1, face, colour, from, length);
		from += length;
	}
}

static void put_line(struct kg_text *text, int32_t x, int32_t y, const char *line)
{
	const char *words = line + 1;

	switch (line[0]) {
	case '=':
		kg_text_string(text, x, y + 8, 2, KG_FONT_BOLD, INK, words);
		kg_text_rectangle(text, x, y + 46, PAPER_WIDTH - 2 * MARGIN, 2, 0xffd08a2eu);
		break;
	case '#':
		kg_text_string(text, x, y + 14, 1, KG_FONT_BOLD, BLUE, words);
		break;
	case '-':
		kg_text_rectangle(text, x + 6, y + 7, 5, 5, 0xffd08a2eu);
		kg_text_string(text, x + 24, y, 1, KG_FONT_PLAIN, INK, words);
		break;
	case '>':
		kg_text_rectangle(text, x, y, PAPER_WIDTH - 2 * MARGIN, 18, 0xfff0ede4u);
		kg_text_rectangle(text, x, y, 3, 18, FAINT);
		put_code(text, x + 16, y + 1, words);
		break;
	case '.':
		kg_text_string(text, x, y, 1, KG_FONT_PLAIN, INK, words);
		break;
	}
}

static void put_paper(struct kg_text *text, int64_t scroll, int32_t left, int32_t width, int32_t height)
{
	const int32_t all = document_height();
	int32_t y = (int32_t)-(((scroll % all) + all) % all);
	size_t line = 0;

	kg_text_fill(text, 0, 0, width, height, 0xff4a5870u);
	kg_text_fill(text, left - 1, 0, PAPER_WIDTH + 2, height, 0xff333d50u);
	kg_text_fill(text, left, 0, PAPER_WIDTH, height, 0xfffaf8f2u);
	while (y < height) {
		int32_t step = line_height(page_text[line][0]);

		if (y + step > 0)
			put_line(text, left + MARGIN, y, page_text[line]);
		y += step;
		line = (line + 1) % KG_ARRAY_SIZE(page_text);
	}
	/* How far down the page is, at the picture's right edge. */
	y = (int32_t)((((scroll % all) + all) % all) * height / all);
	kg_text_rectangle(text, width - 10, 0, 10, height, 0x30ffffffu);
	kg_text_rectangle(text, width - 8, y, 6, KG_MAX(24, height / 8), 0xa0ffffffu);
	kg_text_rectangle(text, width - 8, y - height, 6, KG_MAX(24, height / 8), 0xa0ffffffu);
}

/* Bars that swing: something that changes all over while its frame stands. */
static void put_bars(struct kg_text *text, int32_t x, int32_t y, int32_t width, int32_t height, uint64_t frame)
{
	const float t = (float)(frame % 216000) / 60;		// an hour: floats keep their steps
	const int32_t step = width / BARS;

	kg_text_shade(text, x, y, width, height, 0xff1b2740u, 0xff3a2f55u);
	for (int32_t i = 1; i < 4; i++)
		kg_text_rectangle(text, x, y + height * i / 4, width, 1, 0x28ffffffu);
	for (int32_t i = 0; i < BARS; i++) {
		float a = (float)i * 0.31f;
		float v = 0.5f + 0.26f * sinf(t * 1.7f + a) + 0.16f * sinf(t * 2.9f - a * 1.9f) +
			  0.06f * sinf(t * 7.1f + a * 5);
		int32_t bar = (int32_t)(v * (float)(height - 16));

		kg_text_shade(text, x + i * step + 2, y + height - bar, step - 3, bar, 0xffffb347u, 0xffc2417au);
	}
}

static void put_window(struct kg_text *text, int32_t x, int32_t y, uint64_t frame)
{
	char line[48];

	for (int32_t i = 0; i < 5; i++)		// a soft shadow
		kg_text_rectangle(text, x - 8 + 2 * i, y - 2 + 2 * i, WINDOW_WIDTH + 16 - 4 * i,
				  WINDOW_HEIGHT + 14 - 4 * i, 0x14000000u);
	kg_text_rectangle(text, x - 1, y - 1, WINDOW_WIDTH + 2, WINDOW_HEIGHT + 2, 0xff2b3442u);
	kg_text_shade(text, x, y, WINDOW_WIDTH, TITLE_HEIGHT, 0xff4c5a70u, 0xff3a4557u);
	for (int32_t i = 0; i < 3; i++)
		kg_text_rectangle(text, x + WINDOW_WIDTH - 20 - i * 18, y + 8, 10, 10,
				  i == 0 ? 0xffe0615au : i == 1 ? 0xffe8b04au : 0xff6bbf6bu);
	kg_text_string(text, x + 10, y + 5, 1, KG_FONT_BOLD, 0xffffffffu, "A moving window");
	put_bars(text, x, y + TITLE_HEIGHT, WINDOW_WIDTH, WINDOW_HEIGHT - TITLE_HEIGHT - 30, frame);
	kg_text_rectangle(text, x, y + WINDOW_HEIGHT - 30, WINDOW_WIDTH, 30, 0xfff2f4f7u);
	snprintf(line, sizeof(line), "frame %llu", (unsigned long long)frame);
	kg_text_string(text, x + 10, y + WINDOW_HEIGHT - 23, 1, KG_FONT_PLAIN, INK, line);
	kg_text_string(text, x + WINDOW_WIDTH - 10 - 23 * KG_FONT_WIDTH, y + WINDOW_HEIGHT - 23, 1, KG_FONT_PLAIN,
		       0xff6a7480u, "drag anywhere: moves it");
}

void kg_page_compose(struct kg_text *text, uint64_t frame, int32_t scroll, int32_t window_x, int32_t window_y,
		     uint32_t width, uint32_t height)
{
	const int32_t w = (int32_t)width, h = (int32_t)height;
	const float t = (float)(frame % 1440000) / 60;
	const int32_t free_x = KG_MAX(w - WINDOW_WIDTH - 32, 0), free_y = KG_MAX(h - WINDOW_HEIGHT - 96, 0);
	int32_t x = 16 + (int32_t)((float)free_x * (0.5f + 0.5f * sinf(t * 0.43f))) + window_x;
	int32_t y = 72 + (int32_t)((float)free_y * (0.5f + 0.5f * sinf(t * 0.61f + 1))) + window_y;

	put_paper(text, (int64_t)(frame * SPEED_PX % 1000000000000u) + scroll, (w - PAPER_WIDTH) / 2, w, h);
	put_window(text, KG_MAX(64 - WINDOW_WIDTH, KG_MIN(x, w - 64)), KG_MAX(0, KG_MIN(y, h - TITLE_HEIGHT)), frame);
}
