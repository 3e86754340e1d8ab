/*
 * Target: the ClearCodec encoder (codec/clear.c), with FreeRDP's decoder and the strict one behind it. The bytes are a
 * list of rectangles, sent to one client: a head of 8 bytes says how large a rectangle is and how its pixels are made
 * of the bytes that follow.
 */
#include <freerdp/codec/clear.h>
#include <freerdp/codec/color.h>

#include "codec/codec.h"
#include "tests/clear-strict.h"
#include "tests/fuzz/fuzz.h"

#define AREA_MAX 16384
#define RECTANGLES_MAX 24

enum { HEAD = 8 };

/* One of the ways in which content has structure. bytes: at least one. */
static uint32_t pixel_of(const uint8_t *head, const uint8_t *bytes, size_t size, uint32_t x, uint32_t y, uint32_t width)
{
	uint32_t value, cell;

	switch (head[3] & 7) {
	case 0:				// every pixel
		value = bytes[(y * width + x) % size];
		break;
	case 1:				// columns that repeat
		value = bytes[(x * 7 + y % (1 + head[4])) % size];
		break;
	case 2:				// rows that repeat
		value = bytes[(y * 13 + x / (1 + head[4] % 16)) % size];
		break;
	case 3:				// letters of 8x12 on lines
		cell = bytes[(y / 16 * 31 + x / 8) % size] % 32;
		value = y % 16 > 12 ? 0 : bytes[(cell * 5 + y % 16 * 3 + x % 8) % size] & 3;
		break;
	case 4:				// paper with a few things on it
		value = bytes[(y * width + x) % size];
		value = value < head[4] ? value : 0;
		break;
	case 5:				// blocks
		value = bytes[(y / (1 + head[4] % 32) * 17 + x / (1 + head[5] % 32)) % size];
		break;
	default:			// a gradient with steps
		value = (x * head[4] + y * head[5]) / 16 + bytes[x * y % size] % 3;
	}
	return value * (1 + head[6] * 0x010203u);
}

static void check(const struct kg_image *image, const uint32_t *pixels)
{
	for (uint32_t i = 0; i < image->width * image->height; i++) {
		uint32_t pixel;

		memcpy(&pixel, image->pixels + i * 4, 4);
		if ((pixel ^ pixels[i]) & 0xffffff)
			abort();
	}
}

struct client {
	struct kg_dsp dsp;
	struct kg_clear clear;
	CLEAR_CONTEXT *freerdp;
	struct clear_strict *strict;
};

/* In blocks of their own, so that sanitizers see what is touched beyond their ends. */
static void send_rectangle(struct client *c, const struct kg_image *image, size_t limit)
{
	size_t bound = kg_clear_bound(image->width, image->height), size;
	uint8_t *to = malloc(bound), *scratch = malloc(kg_clear_scratch(image->width, image->height));
	uint32_t *pixels = malloc((size_t)image->width * image->height * 4);
	struct kg_clear_plan *plan;

	if (!to || !scratch || !pixels)
		abort();
	plan = kg_clear_analyse(&c->dsp, &c->clear, image, scratch);
	if (!plan)
		abort();
	size = kg_clear_encode(&c->clear, plan, limit, to, bound);
	if (limit && size > limit)
		abort();
	if (!size && limit)
		size = kg_clear_encode(&c->clear, plan, 0, to, bound);
	if (!size || size > bound)
		abort();
	if (clear_strict_decode(c->strict, to, size, image->width, image->height, pixels, image->width))
		abort();
	check(image, pixels);
	if (clear_decompress(c->freerdp, to, (UINT32)size, image->width, image->height, (BYTE *)pixels,
			     PIXEL_FORMAT_BGRX32, image->width * 4, 0, 0, image->width, image->height, NULL))
		abort();
	check(image, pixels);
	free(to);
	free(scratch);
	free(pixels);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct client *c = malloc(sizeof(*c));

	if (!c)
		abort();
	kg_dsp_init(&c->dsp, size ? (enum kg_cpu)(bytes[0] % (kg_cpu_best() + 1)) : KG_CPU_C);
	kg_clear_init(&c->clear, (const uint8_t *)"fuzz_clear's key");
	c->freerdp = clear_context_new(FALSE);
	c->strict = clear_strict_new();
	if (!c->freerdp || !c->strict)
		abort();
	for (int n = 0; n < RECTANGLES_MAX && size > HEAD; n++) {
		uint32_t width = 1 + bytes[0] + (bytes[2] & 3) * 256,
			 height = 1 + bytes[1] % KG_MIN(256u, AREA_MAX / width);
		size_t count = KG_MIN(size - HEAD, 16 + (size_t)bytes[7] * 4);
		uint8_t *pixels = malloc((size_t)width * height * 4);
		struct kg_image image = { pixels, width, height, width * 4 };

		if (!pixels)
			abort();
		for (uint32_t i = 0; i < width * height; i++) {
			uint32_t pixel = pixel_of(bytes, bytes + HEAD, count, i % width, i / width, width);

			memcpy(pixels + i * 4, &pixel, 4);
		}
		if (bytes[2] >> 4 == 15)
			kg_clear_reset(&c->clear);
		send_rectangle(c, &image, bytes[2] & 4 ? 20 + bytes[7] * 8u : 0);
		free(pixels);
		bytes += HEAD + count;
		size -= HEAD + count;
	}
	clear_context_free(c->freerdp);
	clear_strict_free(c->strict);
	free(c);
	return 0;
}
