/*
 * For tests of RemoteFX: FreeRDP's decoders as the oracle, pictures that are hard in different ways, and measures of what
 * came back.
 */
#pragma once

#include <freerdp/codec/progressive.h>
#include <freerdp/codec/region.h>
#include <freerdp/codec/rfx.h>
#include <freerdp/settings.h>
#include <winpr/wlog.h>

#include <math.h>

#include "codec/codec.h"
#include "tests/tap.h"

/* A picture of B, G, R, X without gaps. */
struct picture {
	uint32_t width, height;
	uint32_t *pixels;
};

static inline struct picture picture_new(uint32_t width, uint32_t height)
{
	return (struct picture){ width, height, calloc((size_t)width * height, 4) };
}

static inline void picture_done(struct picture *picture)
{
	free(picture->pixels);
}

enum content {
	BLACK, WHITE, GREY, COLOUR, NOISE, BLACK_AND_WHITE, CHECKERS, CHECKERS_2, STRIPES, STRIPES_DOWN, GRADIENT, WAVES, TEXT,
	EDGE, CONTENTS
};

static const char *const content_names[CONTENTS] = {
	"black", "white", "grey", "colour", "noise", "random black and white", "checkers", "checkers of 2", "stripes",
	"stripes down", "gradient", "waves", "text", "an edge",
};

static inline uint32_t grey(uint32_t level)
{
	return level * 0x10101;
}

/* Whether a pixel of text is ink: letters of 6x10 pixels in lines of 16, the shape of each from its number. */
static inline bool ink(uint32_t x, uint32_t y, uint32_t seed)
{
	uint32_t letter = (x / 8 * 2654435761u) ^ (y / 16 * 40503u) ^ seed;

	if (x % 8 >= 6 || y % 16 >= 10 || letter % 6 == 0)
		return false;
	return (letter * (y % 16 / 2 * 7 + x % 8 * 3 + 1)) >> 13 & 1;
}

static inline uint32_t content_pixel(enum content content, uint32_t x, uint32_t y, uint32_t seed)
{
	switch (content) {
	case BLACK:
		return 0;
	case WHITE:
		return 0xffffff;
	case GREY:
		return grey(seed & 0xff);
	case COLOUR:
		return seed & 0xffffff;
	case NOISE:
		return rnd() & 0xffffff;
	case BLACK_AND_WHITE:
		return rnd() & 1 ? 0xffffff : 0;
	case CHECKERS:
		return (x + y + seed) & 1 ? 0xffffff : 0;
	case CHECKERS_2:
		return (x / 2 + y / 2 + seed) & 1 ? 0xffffff : 0;
	case STRIPES:
		return (y + seed) & 1 ? 0xffffff : 0;
	case STRIPES_DOWN:
		return (x + seed) & 1 ? 0xff0000 : 0xffff;
	case GRADIENT:
		return (x * 3 & 0xff) | (y * 2 & 0xff) << 8 | ((x + y) & 0xff) << 16;
	case WAVES:
		return (uint32_t)(127 + 120 * sin(x * .11 + seed)) | (uint32_t)(127 + 90 * sin(y * .07)) << 8 |
		       (uint32_t)(127 + 60 * sin((x + y) * .05)) << 16;
	case TEXT:
		return ink(x, y, seed) ? 0x202020 : 0xfafafa;
	case EDGE:
		return (x * 7 + y * 3) % 191 < 90 ? 0x103080 : 0xf0e0b0;
	case CONTENTS:
		break;
	}
	return 0;
}

static inline void draw(const struct picture *picture, enum content content, uint32_t left, uint32_t top, uint32_t width,
			uint32_t height)
{
	uint32_t seed = rnd();

	for (uint32_t y = top; y < top + height && y < picture->height; y++)
		for (uint32_t x = left; x < left + width && x < picture->width; x++)
			picture->pixels[y * picture->width + x] = content_pixel(content, x, y, seed) | rnd() << 24;
}

/* ---- measures ---- */

/* The mean square error of a rectangle, over its colours. */
static inline double error_of(const struct picture *a, const struct picture *b, uint32_t left, uint32_t top, uint32_t width,
			      uint32_t height)
{
	double sum = 0;

	for (uint32_t y = top; y < top + height; y++)
		for (uint32_t x = left; x < left + width; x++) {
			const uint8_t *p = (const uint8_t *)&a->pixels[y * a->width + x];
			const uint8_t *q = (const uint8_t *)&b->pixels[y * b->width + x];

			for (int i = 0; i < 3; i++)
				sum += (p[i] - q[i]) * (p[i] - q[i]);
		}
	return sum / width / height / 3;
}

static inline double psnr_of_error(double error)
{
	return error > 0 ? 10 * log10(255 * 255 / error) : 99;
}

static inline double psnr(const struct picture *a, const struct picture *b)
{
	return psnr_of_error(error_of(a, b, 0, 0, a->width, a->height));
}

/* Whether the colours of all pixels are the same. */
static inline bool same_picture(const struct picture *a, const struct picture *b)
{
	for (size_t i = 0; i < (size_t)a->width * a->height; i++)
		if ((a->pixels[i] ^ b->pixels[i]) & 0xffffff)
			return false;
	return true;
}

/* ---- FreeRDP's progressive decoder with a surface ---- */

struct oracle {
	PROGRESSIVE_CONTEXT *decoder;
	struct picture screen;
	uint32_t frame;
};

static inline struct oracle oracle_new(uint32_t width, uint32_t height)
{
	struct oracle oracle = { progressive_context_new_ex(FALSE, THREADING_FLAGS_DISABLE_THREADS), picture_new(width, height), 0 };

	WLog_SetLogLevel(WLog_GetRoot(), WLOG_OFF);
	if (!oracle.decoder || !oracle.screen.pixels ||
	    progressive_create_surface_context(oracle.decoder, 1, width, height) < 0) {
		printf("Bail out! no decoder\n");
		exit(EXIT_FAILURE);
	}
	return oracle;
}

static inline void oracle_done(struct oracle *oracle)
{
	progressive_delete_surface_context(oracle->decoder, 1);
	progressive_context_free(oracle->decoder);
	picture_done(&oracle->screen);
}

static inline bool oracle_decode(struct oracle *oracle, const uint8_t *bytes, size_t size)
{
	REGION16 region;
	int r;

	region16_init(&region);
	r = progressive_decompress(oracle->decoder, bytes, (UINT32)size, (BYTE *)oracle->screen.pixels, PIXEL_FORMAT_BGRX32,
				   oracle->screen.width * 4, 0, 0, &region, 1, oracle->frame++);
	region16_uninit(&region);
	return r >= 0;
}
