/* Which rectangles: none that cuts a line of text where it need not. */
#include "codec/clear-impl.h"

#include "codec/dsp.h"

/* A part of an image's rows. */
struct rows {
	const struct kg_dsp *dsp;
	const struct kg_image *image;
	uint32_t x, width;
};

static bool is_flat(const struct rows *r, uint32_t y)
{
	return r->dsp->tile_flat(kg_image_at(r->image, r->x, y), r->image->stride, r->width, 1);
}

/* Whether row y is like the row above: nothing moves there, though borders may stand in it. */
static bool repeats(const struct rows *r, uint32_t y)
{
	const uint8_t *row = kg_image_at(r->image, r->x, y), *above = kg_image_at(r->image, r->x, y - 1);

	for (uint32_t x = 0; x < r->width;) {
		uint32_t end = KG_MIN(x + 64, r->width), differs = 0;

		for (; x < end; x++)
			differs |= clear_pixel(row + (size_t)x * 4) ^ clear_pixel(above + (size_t)x * 4);
		if (differs)
			return false;
	}
	return true;
}

/* Whether the edge above row y, which is neither the image's first nor beyond its last, cuts nothing: on one of its
 * sides nothing moves. */
static bool is_between(const struct rows *r, uint32_t y)
{
	return is_flat(r, y - 1) || is_flat(r, y) || repeats(r, y) || (y > 1 && repeats(r, y - 1)) ||
	       (y + 1 < r->image->height && repeats(r, y + 1));
}

struct kg_clear_growth kg_clear_grow(const struct kg_dsp *dsp, const struct kg_image *image, uint32_t x, uint32_t y,
				     uint32_t width, uint32_t height)
{
	struct rows r = { dsp, image, x, width };
	struct kg_clear_growth growth = { 0, 0 };
	uint32_t end = y + height;

	if (!width || !height || width > image->width || x > image->width - width || height > image->height ||
	    y > image->height - height)
		return growth;
	if (y && !is_between(&r, y))
		for (uint32_t n = 1; n <= KG_MIN(y, KG_CLEAR_BAND_MAX + 0u) && !growth.above; n++)
			if (n == y || is_flat(&r, y - n - 1) || (y - n > 1 && repeats(&r, y - n - 1)))
				growth.above = n;
	if (end < image->height && !is_between(&r, end))
		for (uint32_t n = 1; n <= KG_MIN(image->height - end, KG_CLEAR_BAND_MAX + 0u) && !growth.below; n++)
			if (end + n == image->height || is_flat(&r, end + n) ||
			    (end + n + 1 < image->height && repeats(&r, end + n + 1)))
				growth.below = n;
	return growth;
}

uint32_t kg_clear_rows(const struct kg_dsp *dsp, const struct kg_image *image)
{
	struct rows r = { dsp, image, 0, image->width };
	uint32_t most = image->width ? KG_MIN(image->height, KG_CLEAR_AREA_MAX / image->width) : 0;

	if (most == image->height)
		return most;
	for (uint32_t y = most; y > most / 2 && y; y--)
		if (is_between(&r, y))
			return y;
	return most;
}
