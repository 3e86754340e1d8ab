/* Pointer shapes for clients that take only small ones. */
#include "server/display/cursor-fit.h"

/* The smallest rectangle that holds every pixel that is seen, and the hot spot. */
static struct kg_rect seen(const uint8_t *pixels, uint16_t width, uint16_t height, uint16_t hot_x, uint16_t hot_y)
{
	struct kg_rect rect = { hot_x, hot_y, hot_x + 1, hot_y + 1 };

	for (int32_t y = 0; y < height; y++) {
		for (int32_t x = 0; x < width; x++) {
			if (!pixels[((size_t)y * width + (size_t)x) * 4 + 3])
				continue;
			rect.left = KG_MIN(rect.left, x);
			rect.top = KG_MIN(rect.top, y);
			rect.right = KG_MAX(rect.right, x + 1);
			rect.bottom = KG_MAX(rect.bottom, y + 1);
		}
	}
	return rect;
}

struct kg_cursor_fit kg_cursor_fit(const uint8_t *pixels, uint16_t width, uint16_t height, uint16_t hot_x, uint16_t hot_y,
				   uint16_t size)
{
	struct kg_cursor_fit fit = { .part = kg_rect_of_size(width, height), .divisor = 1 };
	uint32_t larger;

	if (width > size || height > size)
		fit.part = seen(pixels, width, height, hot_x, hot_y);
	larger = KG_MAX(kg_rect_width(fit.part), kg_rect_height(fit.part));
	if (larger > size)
		fit.divisor = (larger + size - 1) / size;
	fit.width = (uint16_t)((kg_rect_width(fit.part) + fit.divisor - 1) / fit.divisor);
	fit.height = (uint16_t)((kg_rect_height(fit.part) + fit.divisor - 1) / fit.divisor);
	fit.hot_x = (uint16_t)((uint32_t)(hot_x - fit.part.left) / fit.divisor);
	fit.hot_y = (uint16_t)((uint32_t)(hot_y - fit.part.top) / fit.divisor);
	return fit;
}

/* The mean of a block, colours weighted by alpha, so that what is not seen does not shine through. */
static void mean(const uint8_t *pixels, size_t stride, struct kg_rect block, uint32_t count, uint8_t *to)
{
	uint32_t colour[3] = { 0 }, alpha = 0;

	for (int32_t y = block.top; y < block.bottom; y++) {
		for (int32_t x = block.left; x < block.right; x++) {
			const uint8_t *pixel = pixels + (size_t)y * stride + (size_t)x * 4;

			for (int i = 0; i < 3; i++)
				colour[i] += (uint32_t)pixel[i] * pixel[3];
			alpha += pixel[3];
		}
	}
	for (int i = 0; i < 3; i++)
		to[i] = alpha ? (uint8_t)((colour[i] + alpha / 2) / alpha) : 0;
	to[3] = (uint8_t)((alpha + count / 2) / count);
}

void kg_cursor_fit_write(const struct kg_cursor_fit *fit, const uint8_t *pixels, size_t stride, uint8_t *to)
{
	int32_t n = (int32_t)fit->divisor;

	if (n == 1) {
		for (int32_t y = 0; y < fit->height; y++)
			memcpy(to + (size_t)y * fit->width * 4,
			       pixels + (size_t)(fit->part.top + y) * stride + (size_t)fit->part.left * 4,
			       (size_t)fit->width * 4);
		return;
	}
	for (int32_t y = 0; y < fit->height; y++) {
		for (int32_t x = 0; x < fit->width; x++) {
			struct kg_rect block = { fit->part.left + x * n, fit->part.top + y * n, fit->part.left + (x + 1) * n,
						 fit->part.top + (y + 1) * n };

			mean(pixels, stride, kg_rect_intersect(block, fit->part), fit->divisor * fit->divisor, to);
			to += 4;
		}
	}
}
