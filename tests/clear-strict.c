/* A strict ClearCodec decoder for tests. */
#include "tests/clear-strict.h"

#include <stdlib.h>
#include <string.h>

enum { BARS = 32768, SHORT_BARS = 16384, BAND_MAX = 52, GLYPHS = 4000, GLYPH_MAX = 1024 };

struct bar {
	uint8_t count;		// pixels
	bool there;
	uint32_t pixels[BAND_MAX];
};

struct clear_strict {
	uint8_t sequence;
	struct bar bars[BARS], short_bars[SHORT_BARS];
	uint32_t cursor, short_cursor;
	uint32_t glyphs[GLYPHS][GLYPH_MAX];
	uint16_t glyph_areas[GLYPHS];
	struct clear_strict_counts counts;

	/* the message */
	const uint8_t *at, *end;
	uint32_t width, height;
	uint32_t *pixels;
	size_t stride;
	const char *wrong;
};

struct clear_strict *clear_strict_new(void)
{
	return calloc(1, sizeof(struct clear_strict));
}

void clear_strict_free(struct clear_strict *decoder)
{
	free(decoder);
}

const struct clear_strict_counts *clear_strict_counts(const struct clear_strict *decoder)
{
	return &decoder->counts;
}

static void fail(struct clear_strict *d, const char *wrong)
{
	if (!d->wrong)
		d->wrong = wrong;
	d->at = d->end;
}

static uint32_t get(struct clear_strict *d, unsigned bytes)
{
	uint32_t value = 0;

	if ((size_t)(d->end - d->at) < bytes) {
		fail(d, "it ends too early");
		return 0;
	}
	for (unsigned i = 0; i < bytes; i++)
		value |= (uint32_t)*d->at++ << 8 * i;
	return value;
}

static uint32_t get_colour(struct clear_strict *d)
{
	return get(d, 3) | 0xff000000;
}

static uint32_t get_length(struct clear_strict *d)
{
	uint32_t length = get(d, 1);

	if (length < 0xff)
		return length;
	length = get(d, 2);
	if (length < 0xff)
		fail(d, "a run's length has more bytes than it needs");
	if (length < 0xffff)
		return length;
	length = get(d, 4);
	if (length < 0xffff)
		fail(d, "a run's length has more bytes than it needs");
	return length;
}

static void residual(struct clear_strict *d)
{
	uint64_t area = (uint64_t)d->width * d->height, pixel = 0;

	while (d->at < d->end) {
		uint32_t colour = get_colour(d), length = get_length(d);

		d->counts.residual_runs++;
		if (!length || length > area - pixel)
			return fail(d, "a run of the residual layer is empty or too long");
		for (; length; length--, pixel++)
			d->pixels[pixel / d->width * d->stride + pixel % d->width] = colour;
	}
	if (pixel != area)
		fail(d, "the residual layer does not cover the rectangle");
}

static const struct bar *new_bar(struct clear_strict *d, const struct bar *middle, uint32_t on, uint32_t height,
				 uint32_t background)
{
	struct bar *bar = &d->bars[d->cursor];

	d->cursor = (d->cursor + 1) % BARS;
	bar->there = true;
	bar->count = (uint8_t)height;
	for (uint32_t y = 0; y < height; y++)
		bar->pixels[y] = y >= on && y < on + middle->count ? middle->pixels[y - on] : background;
	return bar;
}

static const struct bar *get_bar(struct clear_strict *d, uint32_t height, uint32_t background)
{
	uint32_t header = get(d, 2), on, off;
	struct bar *bar;

	if (header & 0x8000) {
		d->counts.bar_hits++;
		bar = &d->bars[header & 0x7fff];
		if (!bar->there || bar->count != height)
			fail(d, "a V-bar that the cache does not have, or of another height");
		return bar;
	}
	if (header & 0x4000) {
		d->counts.short_hits++;
		bar = &d->short_bars[header & 0x3fff];
		on = get(d, 1);
		if (!bar->there || on + bar->count > height)
			fail(d, "a short V-bar that the cache does not have, or that is too long");
		return new_bar(d, bar, on, height, background);
	}
	d->counts.misses++;
	on = header & 0xff;
	off = header >> 8;
	if (on > off || off > height) {
		fail(d, "the limits of a short V-bar are wrong");
		on = off = 0;
	}
	bar = &d->short_bars[d->short_cursor];
	d->short_cursor = (d->short_cursor + 1) % SHORT_BARS;
	bar->there = true;
	bar->count = (uint8_t)(off - on);
	for (uint32_t i = 0; i < bar->count; i++)
		bar->pixels[i] = get_colour(d);
	return new_bar(d, bar, on, height, background);
}

static void bands(struct clear_strict *d)
{
	while (d->at < d->end) {
		uint32_t x0 = get(d, 2), x1 = get(d, 2), y0 = get(d, 2), y1 = get(d, 2), background = get_colour(d);

		d->counts.bands++;
		if (x1 < x0 || y1 < y0 || x1 >= d->width || y1 >= d->height || y1 - y0 >= BAND_MAX)
			return fail(d, "a band has wrong limits");
		for (uint32_t x = x0; x <= x1; x++) {
			const struct bar *bar = get_bar(d, y1 - y0 + 1, background);

			if (d->wrong)
				return;
			for (uint32_t y = y0; y <= y1; y++)
				d->pixels[y * d->stride + x] = bar->pixels[y - y0];
		}
	}
}

static void rlex(struct clear_strict *d, uint32_t *to, uint32_t width, uint32_t height)
{
	uint32_t count = get(d, 1), area = width * height, pixel = 0, bits = 1;
	uint32_t palette[127];

	if (count < 2 || count > 127)
		return fail(d, "a palette of no legal size");
	for (uint32_t i = 0; i < count; i++)
		palette[i] = get_colour(d);
	while ((count - 1) >> bits)
		bits++;
	while (d->at < d->end) {
		uint32_t code = get(d, 1), length = get_length(d);
		uint32_t stop = code & ((1u << bits) - 1), depth = code >> bits;

		if (stop >= count || depth > stop || (uint64_t)length + depth + 1 > area - pixel)
			return fail(d, "a segment of RLEX is wrong");
		for (uint32_t i = 0; i < length + depth + 1; i++, pixel++)
			to[pixel / width * d->stride + pixel % width] =
			    palette[stop - depth + (i > length ? i - length : 0)];
	}
	if (pixel != area)
		fail(d, "RLEX does not fill its rectangle");
}

static void subcodecs(struct clear_strict *d)
{
	const uint8_t *end = d->end;

	while (d->at < end && !d->wrong) {
		uint32_t x = get(d, 2), y = get(d, 2), width = get(d, 2), height = get(d, 2), size = get(d, 4),
			 id = get(d, 1);
		uint32_t *to;

		if (!width || !height || x + width > d->width || y + height > d->height)
			return fail(d, "a subcodec's rectangle is wrong");
		if (size > (size_t)(end - d->at) || size > 3 * width * height)
			return fail(d, "a subcodec's data is too long");
		to = d->pixels + y * d->stride + x;
		d->end = d->at + size;
		if (id == 0) {
			d->counts.raw++;
			if (size != 3 * width * height)
				return fail(d, "raw pixels of a wrong size");
			for (uint32_t i = 0; i < width * height; i++)
				to[i / width * d->stride + i % width] = get_colour(d);
		} else if (id == 2) {
			d->counts.rlex++;
			rlex(d, to, width, height);
		} else {
			return fail(d, "a subcodec that loses something, or is none");
		}
		d->end = end;
	}
}

static void glyph(struct clear_strict *d, uint32_t slot, bool hit)
{
	uint32_t area = d->width * d->height;

	if (hit && d->glyph_areas[slot] != area)
		return fail(d, "a glyph that the cache does not have, or of another size");
	for (uint32_t i = 0; i < area; i++) {
		uint32_t *pixel = &d->pixels[i / d->width * d->stride + i % d->width];

		if (hit)
			*pixel = d->glyphs[slot][i];
		else
			d->glyphs[slot][i] = *pixel;
	}
	d->glyph_areas[slot] = (uint16_t)area;
}

static void layer(struct clear_strict *d, uint32_t size, void (*decode)(struct clear_strict *d))
{
	const uint8_t *end = d->end;

	if (d->wrong || !size)
		return;
	if (size > (size_t)(end - d->at))
		return fail(d, "a layer is longer than the message");
	d->end = d->at + size;
	decode(d);
	d->end = end;
}

static void message(struct clear_strict *d)
{
	uint32_t flags = get(d, 1), sequence = get(d, 1), slot = 0, sizes[3];

	d->counts.messages++;
	if (flags & ~7u || (flags & 3) == 2)
		return fail(d, "flags that do not exist");
	if (sequence != d->sequence++)
		return fail(d, "a wrong sequence number");
	if (flags & 4) {
		d->counts.resets++;
		d->cursor = d->short_cursor = 0;
	}
	if (flags & 1) {
		slot = get(d, 2);
		if (slot >= GLYPHS || d->width * d->height > GLYPH_MAX)
			return fail(d, "no legal glyph");
	}
	if (flags & 2) {
		d->counts.glyph_hits++;
		if (d->at != d->end)
			fail(d, "more than the number of a glyph");
		else
			glyph(d, slot, true);
		return;
	}
	for (int i = 0; i < 3; i++)
		sizes[i] = get(d, 4);
	layer(d, sizes[0], residual);
	layer(d, sizes[1], bands);
	layer(d, sizes[2], subcodecs);
	if (d->at != d->end)
		fail(d, "bytes behind the last layer");
	if (flags & 1 && !d->wrong) {
		d->counts.glyphs++;
		glyph(d, slot, false);
	}
}

const char *clear_strict_decode(struct clear_strict *d, const uint8_t *from, size_t size, uint32_t width,
				uint32_t height, uint32_t *pixels, size_t stride)
{
	d->at = from;
	d->end = from + size;
	d->width = width;
	d->height = height;
	d->pixels = pixels;
	d->stride = stride;
	d->wrong = NULL;
	for (uint32_t y = 0; y < height; y++)
		memset(pixels + y * stride, 0, width * sizeof(*pixels));
	message(d);
	for (uint32_t y = 0; y < height && !d->wrong; y++)
		for (uint32_t x = 0; x < width; x++)
			if (!pixels[y * stride + x])
				fail(d, "a pixel was not drawn");
	return d->wrong;
}
