/*
 * The planar encoder ([MS-RDPEGDI] 2.2.2.5.1, 3.1.9).
 *
 * One pass over the pixels: the three planes of a row are coded at once, each into its own part of the output, and moved
 * together at the end. dsp->planar_delta() finds where values repeat, as a bit mask, so the coder below steps from run to
 * run by counting bits and looks at no value at all.
 */
#include "codec/planar.h"

#include "base/limits.h"
#include "codec/dsp.h"
#include "codec/planar-segment.h"

#define HEADER_RLE 0x10
#define HEADER_NO_ALPHA 0x20

/* Rows are written with whole vectors: that many bytes may follow the end of a plane, and of the values of a row. */
#define SLACK KG_PLANAR_SLACK

static bool size_legal(uint32_t width, uint32_t height)
{
	return width - 1 < KG_DESKTOP_SIZE_MAX && height - 1 < KG_DESKTOP_SIZE_MAX;
}

/* Room for one plane. A run saves at least as much as the segment that it ends costs, so no row is longer than values
 * without any run. */
static size_t plane_bound(uint32_t width, uint32_t height)
{
	return (size_t)height * (width + (width + RAW_MAX - 1) / RAW_MAX) + SLACK;
}

size_t kg_planar_bound(uint32_t width, uint32_t height, unsigned flags)
{
	if (!size_legal(width, height))
		return 0;
	return 1 + (flags & KG_PLANAR_ALPHA ? 4 : 3) * plane_bound(width, height);
}

/* What a row is made of, in the caller's scratch memory. */
struct row {
	uint64_t *same[3];	// with one more word, 0, at the end
	uint8_t *values[3];
	uint32_t words;
};

static size_t values_stride(uint32_t width)
{
	return ((size_t)width + 63) / 64 * 64 + SLACK;
}

static size_t same_stride(uint32_t width)
{
	return ((size_t)width + 63) / 64 + 1;
}

size_t kg_planar_scratch(uint32_t width, uint32_t height)
{
	if (!size_legal(width, height))
		return 0;
	return 3 * (same_stride(width) * sizeof(uint64_t) + values_stride(width)) + sizeof(uint64_t) - 1;
}

static void row_init(struct row *row, uint32_t width, void *scratch)
{
	uint64_t *same = (uint64_t *)(((uintptr_t)scratch + sizeof(uint64_t) - 1) & -sizeof(uint64_t));
	uint8_t *values = (uint8_t *)(same + 3 * same_stride(width));

	row->words = (width + 63) / 64;
	for (unsigned i = 0; i < 3; i++) {
		row->same[i] = same + i * same_stride(width);
		row->same[i][row->words] = 0;
		row->values[i] = values + i * values_stride(width);
	}
}

/* The first run of RUN_MIN at or after x; width when there is none. */
static inline size_t run_start(const uint64_t *same, size_t words, size_t x, size_t width)
{
	uint64_t mask = UINT64_MAX << x % 64;

	for (size_t w = x / 64; w < words; w++, mask = UINT64_MAX) {
		uint64_t next = same[w + 1];
		uint64_t starts = same[w] & (same[w] >> 1 | next << 63) & (same[w] >> 2 | next << 62) & mask;

		if (starts)
			return w * 64 + (size_t)__builtin_ctzll(starts);
	}
	return width;
}

/* The first value after x that differs from the one before it, or the end of the row. */
static inline size_t run_end(const uint64_t *same, size_t words, size_t x, size_t width)
{
	uint64_t mask = UINT64_MAX << x % 64;

	for (size_t w = x / 64; w < words; w++, mask = UINT64_MAX)
		if (~same[w] & mask)
			return w * 64 + (size_t)__builtin_ctzll(~same[w] & mask);
	return width;
}

static uint8_t *put_row(const struct kg_dsp *dsp, uint8_t *to, const uint8_t *values, const uint64_t *same, size_t words,
			size_t width)
{
	size_t x = 0;

	if (words == 1)
		return dsp->planar_row(to, values, *same, (uint32_t)width);
	while (x < width) {
		size_t start = run_start(same, words, x, width);
		size_t end = start < width ? run_end(same, words, start, width) : width;

		to = put_segment(to, values + x, start - x, end - start);
		x = end;
	}
	return to;
}

/* A plane of 0xff: the value in the first row, no difference in the others. */
static uint8_t *put_alpha(uint8_t *to, uint32_t width, uint32_t height)
{
	static const uint8_t opaque[16] = { 0xff, 0xff, 0xff }, unchanged[16];

	if (width > RUN_MIN)
		to = put_segment(to, opaque, 1, width - 1);
	else
		to = put_segment(to, opaque, width, 0);
	for (uint32_t y = 1; y < height; y++)
		if (width >= RUN_MIN)
			to = put_run(to, width);
		else
			to = put_segment(to, unchanged, width, 0);
	return to;
}

static const uint8_t *image_row(const struct kg_image *image, uint32_t y, unsigned flags)
{
	return image->pixels + (flags & KG_PLANAR_BOTTOM_UP ? image->height - 1 - y : y) * image->stride;
}

static size_t encode_raw(const struct kg_dsp *dsp, const struct kg_image *image, unsigned flags, uint8_t *to)
{
	size_t size = (size_t)image->width * image->height;

	*to++ = HEADER_NO_ALPHA;
	for (uint32_t y = 0; y < image->height; y++) {
		uint8_t *row = to + (size_t)y * image->width;

		dsp->planar_split(image_row(image, y, flags), image->width,
				  (uint8_t *const[3]){ row, row + size, row + 2 * size });
	}
	to[3 * size] = 0;	// padding
	return 1 + 3 * size + 1;
}

size_t kg_planar_encode(const struct kg_dsp *dsp, const struct kg_image *image, unsigned flags, uint8_t *to, size_t size,
			void *scratch)
{
	size_t bound = kg_planar_bound(image->width, image->height, flags);
	size_t room = plane_bound(image->width, image->height);
	const uint8_t *above = NULL;
	uint8_t *begin[3], *end[3], *at = to + 1;
	struct row row;

	if (!bound || size < bound)
		return 0;

	*to = flags & KG_PLANAR_ALPHA ? HEADER_RLE : HEADER_RLE | HEADER_NO_ALPHA;
	if (flags & KG_PLANAR_ALPHA)
		at = put_alpha(at, image->width, image->height);
	for (unsigned i = 0; i < 3; i++)
		begin[i] = end[i] = at + i * room;

	row_init(&row, image->width, scratch);
	for (uint32_t y = 0; y < image->height; y++) {
		const uint8_t *pixels = image_row(image, y, flags);

		dsp->planar_delta(pixels, above, image->width, row.values, row.same);
		for (unsigned i = 0; i < 3; i++)
			end[i] = put_row(dsp, end[i], row.values[i], row.same[i], row.words, image->width);
		above = pixels;
	}

	for (unsigned i = 0; i < 3; i++) {
		memmove(at, begin[i], (size_t)(end[i] - begin[i]));
		at += end[i] - begin[i];
	}
	if (!(flags & KG_PLANAR_ALPHA) && (size_t)(at - to) > 2 + 3 * (size_t)image->width * image->height)
		return encode_raw(dsp, image, flags, to);
	return (size_t)(at - to);
}
