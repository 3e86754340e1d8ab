/* Letters: dots are made a smooth shape, the shape is measured in thirds of pixels, and those are softened as LCDs want. */
#include "bench/workload/letters.h"

#include "base/font.h"

#define FINER 8				// the shape has this many cells for a dot, in both directions
#define SHAPE_WIDTH (KG_FONT_WIDTH * FINER)
#define SHAPE_HEIGHT (KG_FONT_HEIGHT * FINER)
#define THIRDS (KG_LETTER_WIDTH_MAX * 3)
#define SAMPLES 4			// points that are looked at in a third of a pixel, in both directions

/* 13 dots become 17 pixels: a dot is 17 / 13 of a pixel. */
#define PIXEL_NUMERATOR 17
#define PIXEL_DENOMINATOR 13

struct letter {
	uint8_t advance;		// pixels
	uint8_t cover[KG_LETTER_HEIGHT][KG_LETTER_WIDTH_MAX][3];	// 0 to 255, of red, green, blue
};

struct kg_letters {
	struct letter letters[KG_LETTER_FACES][KG_FONT_GLYPHS];
};

struct shape {
	uint8_t cells[SHAPE_HEIGHT][SHAPE_WIDTH];
};

/* Doubles a picture of width x height: a corner takes the colour of its two neighbours where they are equal (Scale2x). */
static void smooth_double(struct shape *shape, int width, int height)
{
	struct shape from = *shape;

	for (int y = 0; y < height; y++)
		for (int x = 0; x < width; x++) {
			uint8_t here = from.cells[y][x];
			uint8_t up = y ? from.cells[y - 1][x] : 0, down = y + 1 < height ? from.cells[y + 1][x] : 0;
			uint8_t left = x ? from.cells[y][x - 1] : 0, right = x + 1 < width ? from.cells[y][x + 1] : 0;
			uint8_t(*to)[SHAPE_WIDTH] = &shape->cells[2 * y];

			to[0][2 * x] = left == up && left != down && up != right ? up : here;
			to[0][2 * x + 1] = up == right && up != left && right != down ? right : here;
			to[1][2 * x] = down == left && down != right && left != up ? left : here;
			to[1][2 * x + 1] = right == down && right != up && down != left ? down : here;
		}
}

static void shape_of(struct shape *shape, const uint8_t *rows)
{
	for (int y = 0; y < KG_FONT_HEIGHT; y++)
		for (int x = 0; x < KG_FONT_WIDTH; x++)
			shape->cells[y][x] = rows[y] >> (7 - x) & 1;
	for (int finer = 1; finer < FINER; finer *= 2)
		smooth_double(shape, KG_FONT_WIDTH * finer, KG_FONT_HEIGHT * finer);
}

/* How much of a third of a pixel the shape covers, 0 to 255. left: where the letter begins, in dots. */
static uint32_t cover_of(const struct shape *shape, int left, int third, int row)
{
	uint32_t covered = 0;

	for (int i = 0; i < SAMPLES; i++) {
		int y = ((row * SAMPLES + i) * 2 + 1) * FINER * PIXEL_DENOMINATOR / (2 * SAMPLES * PIXEL_NUMERATOR);

		for (int k = 0; k < SAMPLES; k++) {
			int x = left * FINER + ((third * SAMPLES + k) * 2 + 1) * FINER * PIXEL_DENOMINATOR /
						       (2 * SAMPLES * 3 * PIXEL_NUMERATOR);

			if (x < SHAPE_WIDTH && y < SHAPE_HEIGHT)
				covered += shape->cells[y][x];
		}
	}
	return covered * 255 / (SAMPLES * SAMPLES);
}

/* One row of a letter's thirds, with two before and two behind, as what its pixels are covered. */
static void put_row(uint8_t cover[KG_LETTER_WIDTH_MAX][3], const uint32_t *covers, bool thirds)
{
	static const uint32_t weights[5] = { 8, 77, 86, 77, 8 };	// of 256: no third is much brighter than its neighbours

	for (int i = 0; i < THIRDS; i++) {
		const uint32_t *from = covers + (thirds ? i : i / 3 * 3 + 1);
		uint32_t sum = 0;

		for (int k = 0; k < 5; k++)
			sum += from[k] * weights[k];
		cover[i / 3][i % 3] = (uint8_t)(sum / 256);
	}
}

static void make_letter(struct letter *letter, const uint8_t *rows, bool thirds)
{
	struct shape shape;
	uint8_t used = 0;
	int left = 0, right = 3;

	for (int y = 0; y < KG_FONT_HEIGHT; y++)
		used |= rows[y];
	if (used) {
		left = __builtin_clz(used) - 24;
		right = 8 - __builtin_ctz(used);
	}
	shape_of(&shape, rows);
	/* One and a half dots to the next letter. */
	letter->advance = (uint8_t)(((right - left) * 2 + 3) * PIXEL_NUMERATOR / (2 * PIXEL_DENOMINATOR));
	for (int y = 0; y < KG_LETTER_HEIGHT; y++) {
		uint32_t covers[THIRDS + 4] = { 0 };

		for (int i = 0; i < THIRDS - 3; i++)	// the letter begins one pixel further right
			covers[2 + 3 + i] = cover_of(&shape, left, i, y);
		put_row(letter->cover[y], covers, thirds);
	}
}

int kg_letters_new(struct kg_letters **ret, bool thirds)
{
	struct kg_letters *letters = calloc(1, sizeof(*letters));

	if (!letters)
		return -ENOMEM;
	for (int face = 0; face < KG_LETTER_FACES; face++)
		for (int i = 0; i < KG_FONT_GLYPHS; i++)
			make_letter(&letters->letters[face][i], kg_font_rows[face][i], thirds);
	*ret = letters;
	return 0;
}

void kg_letters_free(struct kg_letters *letters)
{
	free(letters);
}

int32_t kg_letters_put(const struct kg_letters *letters, const struct kg_canvas *canvas, int32_t x, int32_t y,
		       enum kg_letter_face face, uint32_t colour, char c)
{
	unsigned i = (uint8_t)c - KG_FONT_FIRST;
	const struct letter *letter = &letters->letters[face][i < KG_FONT_GLYPHS ? i : 0];
	int32_t right = KG_MIN(x + KG_LETTER_WIDTH_MAX, canvas->right), bottom = KG_MIN(y + KG_LETTER_HEIGHT, canvas->bottom);

	for (int32_t row = KG_MAX(y, canvas->top); row < bottom; row++)
		for (int32_t column = KG_MAX(x, canvas->left); column < right; column++) {
			const uint8_t *cover = letter->cover[row - y][column - x];
			uint8_t *at = kg_canvas_at(canvas, column, row);

			for (int k = 0; k < 3; k++) {	// blue first in memory, red first on the screen
				int32_t ink = (int32_t)(colour >> 8 * k & 0xff), alpha = cover[2 - k];

				at[k] = (uint8_t)((at[k] * (255 - alpha) + ink * alpha + 127) / 255);
			}
		}
	return letter->advance;
}

int32_t kg_letters_string(const struct kg_letters *letters, const struct kg_canvas *canvas, int32_t x, int32_t y,
			  enum kg_letter_face face, uint32_t colour, const char *string)
{
	for (; *string && x < canvas->right; string++)
		x += kg_letters_put(letters, canvas, x, y, face, colour, *string);
	return x;
}
