/*
 * ClearCodec: the examples of [MS-RDPEGFX] 4.1.1, from the encoder's side, and what is asked of it at work: typing, and
 * rectangles that cut no line.
 */
#include "tests/clear-client.h"

static const uint8_t glyph_hit[] = { 0x03, 0xc3, 0x11, 0x00 };			// 4.1.1.1

static const uint8_t palette[] = {						// 4.1.1.2: 78 x 17
	0x00, 0x0d, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x82, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x4e, 0x00, 0x11, 0x00, 0x75, 0x00, 0x00, 0x00, 0x02, 0x0e, 0xff, 0xff, 0xff, 0x00,
	0x00, 0x00, 0xdb, 0xff, 0xff, 0x00, 0x3a, 0x90, 0xff, 0xb6, 0x66, 0x66, 0xb6, 0xff, 0xb6, 0x66,
	0x00, 0x90, 0xdb, 0xff, 0x00, 0x00, 0x3a, 0xdb, 0x90, 0x3a, 0x3a, 0x90, 0xdb, 0x66, 0x00, 0x00,
	0xff, 0xff, 0xb6, 0x64, 0x64, 0x64, 0x11, 0x04, 0x11, 0x4c, 0x11, 0x4c, 0x11, 0x4c, 0x11, 0x4c,
	0x11, 0x4c, 0x00, 0x47, 0x13, 0x00, 0x01, 0x01, 0x04, 0x00, 0x01, 0x00, 0x00, 0x47, 0x16, 0x00,
	0x11, 0x02, 0x00, 0x47, 0x29, 0x00, 0x11, 0x01, 0x00, 0x49, 0x0a, 0x00, 0x01, 0x00, 0x04, 0x00,
	0x01, 0x00, 0x00, 0x4a, 0x0a, 0x00, 0x09, 0x00, 0x01, 0x00, 0x00, 0x47, 0x05, 0x00, 0x01, 0x01,
	0x1c, 0x00, 0x01, 0x00, 0x11, 0x4c, 0x11, 0x4c, 0x11, 0x4c, 0x00, 0x47, 0x0d, 0x4d, 0x00, 0x4d,
};

static const uint8_t bar_hits[] = {						// 4.1.1.3: 64 x 24
	0x00, 0xdf, 0x0e, 0x00, 0x00, 0x00, 0x8b, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xfe, 0xfe,
	0xfe, 0xff, 0x80, 0x05, 0xff, 0xff, 0xff, 0x40, 0xfe, 0xfe, 0xfe, 0x40, 0x00, 0x00, 0x3f, 0x00,
	0x03, 0x00, 0x0b, 0x00, 0xfe, 0xfe, 0xfe, 0xc5, 0xd0, 0xc6, 0xd0, 0xc7, 0xd0, 0x68, 0xd4, 0x69,
	0xd4, 0x6a, 0xd4, 0x6b, 0xd4, 0x6c, 0xd4, 0x6d, 0xd4, 0x1a, 0xd4, 0x1a, 0xd4, 0xa6, 0xd0, 0x6e,
	0xd4, 0x6f, 0xd4, 0x70, 0xd4, 0x71, 0xd4, 0x72, 0xd4, 0x73, 0xd4, 0x74, 0xd4, 0x21, 0xd4, 0x22,
	0xd4, 0x23, 0xd4, 0x24, 0xd4, 0x25, 0xd4, 0xd9, 0xd0, 0xda, 0xd0, 0xdb, 0xd0, 0xc5, 0xd0, 0xc5,
	0xd0, 0xdc, 0xd0, 0xc2, 0xd0, 0x21, 0xd4, 0x22, 0xd4, 0x23, 0xd4, 0x24, 0xd4, 0x25, 0xd4, 0xc9,
	0xd0, 0xca, 0xd0, 0x5a, 0xd4, 0x2b, 0xd1, 0x28, 0xd1, 0x2c, 0xd1, 0x75, 0xd4, 0x27, 0xd4, 0x28,
	0xd4, 0x29, 0xd4, 0x2a, 0xd4, 0x1a, 0xd4, 0x1a, 0xd4, 0x1a, 0xd4, 0xb7, 0xd0, 0xb8, 0xd0, 0xb9,
	0xd0, 0xba, 0xd0, 0xbb, 0xd0, 0xbc, 0xd0, 0xbd, 0xd0, 0xbe, 0xd0, 0xbf, 0xd0, 0xc0, 0xd0, 0xc1,
	0xd0, 0xc2, 0xd0, 0xc3, 0xd0, 0xc4, 0xd0,
};

static const uint8_t stored_glyph[] = {						// 4.1.1.4: 7 x 15
	0x01, 0x0b, 0x78, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x06, 0x00, 0x00, 0x00, 0x0e, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0f, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xb6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xb6, 0x66, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xb6, 0x66, 0xdb, 0x90, 0x3a, 0xff, 0xff,
	0xb6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x46, 0x91, 0x47, 0x91, 0x48, 0x91,
	0x49, 0x91, 0x4a, 0x91, 0x1b, 0x91,
};

/* ---- the examples ---- */

/* Encodes into a buffer of the test. */
static size_t encode(struct client *c, const uint32_t *pixels, uint32_t width, uint32_t height)
{
	struct kg_image image = { (const uint8_t *)pixels, width, height, width * 4 };
	struct kg_clear_plan *plan =
	    kg_clear_analyse(&dsp, c->clear, &image, c->scratch_end - kg_clear_scratch(width, height));

	return kg_clear_encode(c->clear, plan, 0, c->to - c->to_size, c->to_size);
}

static bool encodes_to(struct client *c, const uint32_t *pixels, uint32_t width, uint32_t height,
		       const uint8_t *expected, size_t size)
{
	const uint8_t *to = c->to - c->to_size;
	size_t got = encode(c, pixels, width, height);
	size_t at = 0;

	while (at < got && at < size && to[at] == expected[at])
		at++;
	if (got != size || at < size)
		note("%zu bytes instead of %zu, the first other one is %zu", got, size, at);
	return got == size && at == size;
}

/* 194 messages, the 18th of which is the glyph; then it again. */
static void example_glyph_hit(void)
{
	uint32_t pixels[72], glyph[72];
	const char *wrong = NULL;
	struct client c;

	client_init(&c, 1024);
	for (int i = 0; i < 195; i++) {
		struct kg_image image = { (uint8_t *)pixels, 8, 9, 32 };

		for (int j = 0; j < 72; j++)
			pixels[j] = rnd() % 2 ? 0xffffff : 0x3a0000 + (uint32_t)i;
		if (i == 17)
			memcpy(glyph, pixels, sizeof(glyph));
		if (!wrong)
			wrong = send(&c, &image, NULL);
	}
	ok(!wrong && encodes_to(&c, glyph, 8, 9, glyph_hit, sizeof(glyph_hit)),
	   "example 1: a glyph that the client has");
	client_done(&c);
}

/* Pixels in a line fit every rectangle of their number, 4.1.1.5. */
static void example_other_shape(void)
{
	uint32_t pixels[16];
	struct kg_image tall = { (uint8_t *)pixels, 2, 8, 8 }, wide = { (uint8_t *)pixels, 8, 2, 32 };
	const char *wrong;
	struct client c;
	size_t size;

	client_init(&c, 1024);
	for (int i = 0; i < 16; i++)
		pixels[i] = rnd();
	wrong = send(&c, &tall, &size);
	if (!wrong)
		wrong = send(&c, &wide, &size);
	ok(!wrong && size == 4, "example 5: and the same glyph in another shape%s%s", wrong ? ": " : "",
	   wrong ? wrong : "");
	client_done(&c);
}

/* The palette's order is ours, so the bytes differ; there may not be more of them. */
static void example_palette(void)
{
	uint32_t pixels[78 * 17];
	struct kg_image image = { (uint8_t *)pixels, 78, 17, 78 * 4 };
	struct clear_strict *decoder = clear_strict_new();
	uint8_t first[sizeof(palette)];
	const char *wrong;
	struct client c;
	size_t size = 0;

	memcpy(first, palette, sizeof(first));
	first[1] = 0;			// the sequence number
	wrong = clear_strict_decode(decoder, first, sizeof(first), 78, 17, pixels, 78);
	client_init(&c, 78 * 17);
	if (!wrong)
		wrong = send(&c, &image, &size);
	ok(!wrong && size <= sizeof(palette), "example 2: the line of text takes %zu bytes, not more than %zu%s%s",
	   size, sizeof(palette), wrong ? ": " : "", wrong ? wrong : "");
	clear_strict_free(decoder);
	client_done(&c);
}

/* Puts a column at a place of the cache: by sending it beside one that is as high and known. */
static void store_column(struct client *c, uint32_t place, const uint32_t *column, const uint32_t *other,
			 uint32_t height)
{
	uint32_t pixels[64 * KG_CLEAR_BAND_MAX];

	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < 64; x++)
			pixels[y * 64 + x] = x / 2 % 2 ? other[y] : column[y];
	c->clear->bars.cursor = place;
	encode(c, pixels, 64, height);
}

static void example_bars(void)
{
	enum { HEADER = 2 + 12 + 14 + 11 };
	uint32_t pixels[64 * 24], other[9], columns[64][9], places[64];
	struct client c;

	client_init(&c, 64 * KG_CLEAR_BAND_MAX);
	for (int y = 0; y < 9; y++)
		other[y] = 0x010101u * (uint32_t)(y + 1);
	store_column(&c, 0x7000, other, other, 9);
	for (int x = 0; x < 64; x++) {
		int before = 0;

		places[x] = (bar_hits[HEADER + 2 * x] | bar_hits[HEADER + 2 * x + 1] << 8u) & 0x7fff;
		while (places[before] != places[x])
			before++;
		for (int y = 0; y < 9; y++)
			columns[x][y] = (y == 0 || y == 8) && x % 3 ? 0xfefefe :
					(uint32_t[]){ 0xfefefe, 0x3a90db, 0xb66600, 0x000000, 0x904080 }[rnd() % 5];
		if (places[x] == 0x541a)	// the one between words
			for (int y = 0; y < 9; y++)
				columns[x][y] = 0xfefefe;
		if (before < x)
			memcpy(columns[x], columns[before], sizeof(columns[x]));
		else
			store_column(&c, places[x], columns[x], other, 9);
	}
	for (int y = 0; y < 24; y++)
		for (int x = 0; x < 64; x++)
			pixels[y * 64 + x] = y >= 3 && y < 12 ? columns[x][y - 3] : y == 22 ? 0xffffff : 0xfefefe;
	c.clear->sequence = bar_hits[1];
	ok(encodes_to(&c, pixels, 64, 24, bar_hits, sizeof(bar_hits)),
	   "example 3: a line of columns that the client has");
	client_done(&c);
}

static void example_stored_glyph(void)
{
	enum { HEADER = 4 + 12 + 11 };
	uint32_t pixels[7 * 15], other[15], columns[7][15];
	struct client c;

	client_init(&c, 64 * KG_CLEAR_BAND_MAX);
	for (int y = 0; y < 15; y++) {
		const uint8_t *bytes = stored_glyph + HEADER + 2 + 3 * y;

		columns[0][y] = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16;
		other[y] = 0x010101u * (uint32_t)(y + 1);
	}
	store_column(&c, 0x7000, other, other, 15);
	for (int x = 1; x < 7; x++) {
		const uint8_t *bytes = stored_glyph + HEADER + 2 + 45 + 2 * (x - 1);

		for (int y = 0; y < 15; y++)
			columns[x][y] = y == 0 || y == 14    ? 0
					: rnd() % 3 && x > 1 ? columns[x - 1][y]
							     : rnd() & 0xffffff;
		store_column(&c, (bytes[0] | bytes[1] << 8u) & 0x7fff, columns[x], other, 15);
	}
	for (int i = 0; i < 7 * 15; i++)
		pixels[i] = columns[i % 7][i / 7];
	c.clear->sequence = stored_glyph[1];
	c.clear->glyphs.next = stored_glyph[2];
	ok(encodes_to(&c, pixels, 7, 15, stored_glyph, sizeof(stored_glyph)),
	   "example 4: a glyph with a new column and six that the client has");
	client_done(&c);
}

/* ---- at work ---- */

enum { PAGE_WIDTH = 640, PAGE_HEIGHT = 360, LEADING = 22, LETTER = 9, LETTERS = 60 };

static void draw_letter(uint32_t *page, uint32_t x, uint32_t y, uint32_t letter)
{
	uint32_t bits = letter * 2654435761u;

	for (uint32_t row = 0; row < 13; row++)
		for (uint32_t i = 0; i < LETTER; i++) {
			uint32_t stroke = i == LETTER - 1 ? 0 : bits >> (row / 2 * 4 + i / 2 * 3) % 29 & 7;

			page[(y + row) * PAGE_WIDTH + x + i] =
			    0xffffff - (stroke < 3 ? 0 : stroke * (30 + row % 2) * 0x010101);
		}
}

static void draw_page(uint32_t *page)
{
	memset(page, 0xff, PAGE_WIDTH * PAGE_HEIGHT * 4);
	for (uint32_t y = 5; y + LEADING < PAGE_HEIGHT; y += LEADING)
		for (uint32_t x = 10; x + LETTER < PAGE_WIDTH - 10; x += LETTER)
			if (rnd() % 6)
				draw_letter(page, x, y, rnd() % LETTERS);
}

static struct kg_image part(const uint32_t *page, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	return (struct kg_image){ (const uint8_t *)(page + y * PAGE_WIDTH + x), width, height, PAGE_WIDTH * 4 };
}

static void typing(void)
{
	uint32_t *page = malloc(PAGE_WIDTH * PAGE_HEIGHT * 4), y = 5 + 3 * LEADING;
	struct kg_image all = part(page, 0, 0, PAGE_WIDTH, PAGE_HEIGHT);
	size_t first = 0, again = 0, size, most = 0, sum = 0, keys = 0;
	const char *wrong;
	struct client c;

	client_init(&c, PAGE_WIDTH * PAGE_HEIGHT);
	draw_page(page);
	wrong = send(&c, &all, &first);
	draw_page(page);
	if (!wrong)
		wrong = send(&c, &all, &again);
	ok(!wrong && again < 20000 && again < first, "a page of text: %zu bytes, the next one %zu",
	   first, again);
	for (uint32_t x = 10; x + 2 * LETTER < PAGE_WIDTH - 10 && !wrong; x += LETTER) {
		struct kg_image changed = part(page, x, y, LETTER + 2, 13);

		draw_letter(page, x, y, rnd() % LETTERS);
		for (uint32_t row = 0; row < 13; row++)		// the caret
			page[(y + row) * PAGE_WIDTH + x + LETTER] = page[(y + row) * PAGE_WIDTH + x + LETTER + 1] = 0;
		wrong = send(&c, &changed, &size);
		most = KG_MAX(most, size);
		sum += size;
		keys++;
	}
	ok(!wrong && most <= 500 && sum / keys <= 150, "typing: %zu bytes a key, at most %zu%s%s", sum / keys, most,
	   wrong ? ": " : "", wrong ? wrong : "");
	client_done(&c);
	free(page);
}

/* Every place for an edge, on a page with and without a border that no row is without. */
static void growing(bool border)
{
	uint32_t *page = malloc(PAGE_WIDTH * PAGE_HEIGHT * 4);
	struct kg_image all = part(page, 0, 0, PAGE_WIDTH, PAGE_HEIGHT);
	bool right = true;

	draw_page(page);
	if (border)
		for (uint32_t y = 0; y < PAGE_HEIGHT; y++)
			page[y * PAGE_WIDTH + 3] = page[y * PAGE_WIDTH + PAGE_WIDTH - 3] = 0x123456;
	for (uint32_t y = 1; y < PAGE_HEIGHT - LEADING - 13; y++) {
		struct kg_clear_growth below = kg_clear_grow(&dsp, &all, 0, 0, PAGE_WIDTH, y);
		struct kg_clear_growth above = kg_clear_grow(&dsp, &all, 0, y, PAGE_WIDTH, PAGE_HEIGHT - y);
		uint32_t line = (y - 5) % LEADING;	// lines begin at 5
		bool cut = y > 5 && line > 0 && line < 13;

		if (above.below || below.above || above.above != (cut ? line : 0) ||
		    below.below != (cut ? 13 - line : 0)) {
			if (right)
				note("edge at %u, row %u of a line: %u above, %u below", y, line, above.above,
				     below.below);
			right = false;
		}
	}
	ok(right, "a rectangle grows to whole lines%s", border ? ", beside a border too" : "");
	right = true;
	for (uint32_t height = 1; height <= PAGE_HEIGHT; height++) {
		struct kg_image strip = part(page, 0, 0, PAGE_WIDTH, height);

		right &= kg_clear_rows(&dsp, &strip) == height;
	}
	ok(right && kg_clear_grow(&dsp, &all, 1, 0, PAGE_WIDTH, 1).below == 0 &&
		   kg_clear_grow(&dsp, &all, 0, 0, 0, 0).below == 0,
	   "what fits into a rectangle is left whole, what lies outside of the image does not grow");
	free(page);
}

static void rows(void)
{
	enum { HEIGHT = 4 * KG_CLEAR_AREA_MAX / PAGE_WIDTH };
	uint32_t *page = malloc(PAGE_WIDTH * HEIGHT * 4);
	bool right = true;

	memset(page, 0xff, PAGE_WIDTH * HEIGHT * 4);
	for (uint32_t y = 0; y + LEADING < HEIGHT; y += LEADING)
		for (uint32_t x = 0; x + LETTER < PAGE_WIDTH; x += LETTER)
			draw_letter(page, x, y, rnd() % LETTERS);
	for (uint32_t y = 0, n; y < HEIGHT; y += n) {
		struct kg_image rest = part(page, 0, y, PAGE_WIDTH, HEIGHT - y);

		n = kg_clear_rows(&dsp, &rest);
		right &= n <= KG_CLEAR_AREA_MAX / PAGE_WIDTH;
		right &= n == rest.height || (n > KG_CLEAR_AREA_MAX / PAGE_WIDTH - LEADING &&
					      ((y + n) % LEADING >= 13 || (y + n) % LEADING == 0));
		if (!n)
			break;
	}
	ok(right, "a long page is cut between its lines");
	free(page);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	kg_dsp_init(&dsp, kg_cpu_best());
	example_glyph_hit();
	example_palette();
	example_bars();
	example_stored_glyph();
	example_other_shape();
	typing();
	growing(false);
	growing(true);
	rows();
	return tap_end();
}
