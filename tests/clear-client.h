/* For tests of ClearCodec: a client, which is FreeRDP's decoder and a strict one, and pictures to send to it. */
#pragma once

#include <freerdp/codec/clear.h>
#include <freerdp/codec/color.h>

#include "codec/codec.h"
#include "tests/check.h"
#include "tests/clear-strict.h"

static struct kg_dsp dsp;

/* ---- a client ---- */

struct client {
	struct kg_clear *clear;
	CLEAR_CONTEXT *freerdp;
	struct clear_strict *strict;
	uint32_t *theirs, *strictly;	// what the decoders have drawn: room for KG_CLEAR_AREA_MAX pixels
	uint8_t *to;			// ends at a forbidden page
	uint8_t *scratch_end;
	size_t to_size, scratch_size;
};

static const uint8_t key[16] = "a test's own key";

static inline void client_init(struct client *c, size_t area)
{
	c->clear = malloc(sizeof(*c->clear));
	kg_clear_init(c->clear, key);
	c->freerdp = clear_context_new(FALSE);
	c->strict = clear_strict_new();
	c->theirs = malloc(area * 4);
	c->strictly = malloc(area * 4);
	c->to_size = 3 * area + 64;
	c->to = (uint8_t *)guarded(c->to_size) + c->to_size;
	c->scratch_size = 20 * area + (1 << 20);
	c->scratch_end = (uint8_t *)guarded(c->scratch_size) + c->scratch_size;
}

static inline void client_done(struct client *c)
{
	free(c->clear);
	clear_context_free(c->freerdp);
	clear_strict_free(c->strict);
	free(c->theirs);
	free(c->strictly);
}

static inline bool same(const struct kg_image *image, const uint32_t *pixels)
{
	for (uint32_t y = 0; y < image->height; y++)
		for (uint32_t x = 0; x < image->width; x++) {
			uint32_t pixel;

			memcpy(&pixel, image->pixels + y * image->stride + x * 4, 4);
			if ((pixel ^ pixels[y * image->width + x]) & 0xffffff)
				return false;
		}
	return true;
}

/* Encodes and decodes; NULL or what is wrong. *ret: the message's size. */
static inline const char *send(struct client *c, const struct kg_image *image, size_t *ret)
{
	size_t bound = kg_clear_bound(image->width, image->height),
	       scratch = kg_clear_scratch(image->width, image->height);
	uint8_t *to = c->to - bound;
	struct kg_clear_plan *plan;
	const char *wrong;
	size_t size;

	if (!bound || !scratch || bound > c->to_size || scratch > c->scratch_size)
		return "the test has no room for it";
	plan = kg_clear_analyse(&dsp, c->clear, image, c->scratch_end - scratch);
	if (!plan)
		return "no plan";
	size = kg_clear_encode(c->clear, plan, 0, to, bound);
	if (!size || size > bound)
		return "no message";
	wrong = clear_strict_decode(c->strict, to, size, image->width, image->height, c->strictly, image->width);
	if (wrong)
		return wrong;
	if (!same(image, c->strictly))
		return "other pixels";
	memset(c->theirs, 0x5a, (size_t)image->width * image->height * 4);
	if (clear_decompress(c->freerdp, to, (UINT32)size, image->width, image->height, (BYTE *)c->theirs,
			     PIXEL_FORMAT_BGRX32, image->width * 4, 0, 0, image->width, image->height, NULL))
		return "FreeRDP refuses it";
	if (!same(image, c->theirs))
		return "FreeRDP sees other pixels";
	if (ret)
		*ret = size;
	return NULL;
}

/* ---- pictures ---- */

enum content { FLAT, NOISE, TEXT, TABLE, STRIPES, COLUMNS, CHECKER, GRADIENT, DOTS, ICONS, MANY_COLOURS, CONTENTS };

static const char *const content_names[CONTENTS] = {
	"flat", "noise", "text", "table", "stripes", "columns", "checker", "gradient", "dots", "icons", "many colours",
};

/* Letters from a font of random strokes with grey rims, on lines. */
static inline void draw_text(uint32_t *pixels, uint32_t width, uint32_t height, uint32_t ink, uint32_t paper)
{
	uint32_t leading = 12 + rnd() % 12, font = rnd() % 4;

	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < width; x++)
			pixels[y * width + x] = paper;
	for (uint32_t line = 0; line + leading <= height; line += leading)
		for (uint32_t x = rnd() % 8; x + 9 < width; x += 9) {
			uint32_t letter = (font * 97 + rnd() % 40) * 0x9e3779b1u;

			if (rnd() % 6 == 0)
				continue;
			for (uint32_t y = 1; y < 11; y++)
				for (uint32_t i = 0; i < 8; i++) {
					uint32_t bits = letter >> (y * 5 + i * 3) % 28 & 3;

					if (bits == 3)
						pixels[(line + y) * width + x + i] = ink;
					else if (bits == 1)
						pixels[(line + y) * width + x + i] =
							(ink & 0xfefefe) / 2 + (paper & 0xfefefe) / 2 + y * 0x010101;
				}
		}
}

static inline void draw_icons(uint32_t *pixels, uint32_t width, uint32_t height, uint32_t colours)
{
	for (uint32_t i = 0; i < width * height / 600 + 1; i++) {
		uint32_t w = 1 + rnd() % 60, h = 1 + rnd() % 60, x0 = rnd() % width, y0 = rnd() % height,
			 kind = rnd() % 3;

		for (uint32_t y = y0; y < height && y < y0 + h; y++)
			for (uint32_t x = x0; x < width && x < x0 + w; x++)
				pixels[y * width + x] =
				    kind ? (x * kind + y) / 3 % colours * 0x070b0d : rnd() % colours * 0x030507;
	}
}

static inline void draw(enum content content, uint32_t *pixels, uint32_t width, uint32_t height)
{
	uint32_t a = rnd(), b = rnd(), period = 1 + rnd() % 20;

	if (content == TEXT || content == TABLE)
		draw_text(pixels, width, height, content == TEXT ? 0 : a, content == TEXT ? 0xffffff : b);
	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < width; x++) {
			uint32_t *pixel = &pixels[y * width + x];

			switch (content) {
			case TEXT:
				break;
			case TABLE:
				if (y % 24 == 0 || x % 90 == 0)
					*pixel = 0x808080;
				break;
			case STRIPES:
				*pixel = y / period % 2 ? a : b;
				break;
			case COLUMNS:
				*pixel = x / period % 2 ? a : b;
				break;
			case CHECKER:
				*pixel = (x / period + y / period) % 2 ? a : b;
				break;
			case GRADIENT:
				*pixel = (x + y / 2) % 256 | (x * 2 + y) % 256 << 8 | y * 3 % 256 << 16;
				break;
			case DOTS:
				*pixel = rnd() % 50 ? a : b;
				break;
			case MANY_COLOURS:	// about as many as a palette holds
				*pixel = rnd() % (120 + period) * 0x020508;
				break;
			case NOISE:
				*pixel = rnd();
				break;
			default:
				*pixel = a;
			}
		}
	if (content == ICONS)
		draw_icons(pixels, width, height, 2 + rnd() % 130);
}
