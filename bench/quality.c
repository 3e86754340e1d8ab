/* Quality of pictures: PSNR and SSIM, of the whole and of the worst tile. */
#include "bench/quality.h"

#include <math.h>

#define BLOCK 4					// windows are 2x2 blocks
#define TILE_BLOCKS (KG_QUALITY_TILE / BLOCK)

static double psnr_of(uint64_t squares, double pixels)
{
	return squares ? 10 * log10(255.0 * 255 * 3 * pixels / (double)squares) : INFINITY;
}

/* The squared differences of a part of a row. */
static uint64_t row_squares(const uint8_t *a, const uint8_t *b, uint32_t width)
{
	uint64_t squares = 0;

	for (uint32_t x = 0; x < width * 4; x += 4)
		for (uint32_t c = 0; c < 3; c++) {
			int difference = a[x + c] - b[x + c];

			squares += (uint64_t)(difference * difference);
		}
	return squares;
}

double kg_psnr(const struct kg_image *a, const struct kg_image *b)
{
	uint64_t squares = 0;

	for (uint32_t y = 0; y < a->height; y++)
		squares += row_squares(a->pixels + y * a->stride, b->pixels + y * b->stride, a->width);
	return psnr_of(squares, (double)a->width * a->height);
}

bool kg_images_equal(const struct kg_image *a, const struct kg_image *b)
{
	for (uint32_t y = 0; y < a->height; y++) {
		const uint8_t *left = a->pixels + y * a->stride, *right = b->pixels + y * b->stride;
		uint32_t different = 0;

		for (uint32_t x = 0; x < a->width; x++) {
			uint32_t l, r;

			memcpy(&l, left + (size_t)x * 4, 4);
			memcpy(&r, right + (size_t)x * 4, 4);
			different |= (l ^ r) & 0xffffff;
		}
		if (different)
			return false;
	}
	return true;
}

/* ---- PSNR of tiles ---- */

static void measure_psnr(struct kg_quality *quality, const struct kg_image *a, const struct kg_image *b)
{
	uint64_t all = 0;

	quality->worst_psnr = INFINITY;
	for (uint32_t top = 0; top < a->height; top += KG_QUALITY_TILE)
		for (uint32_t left = 0; left < a->width; left += KG_QUALITY_TILE) {
			uint32_t width = KG_MIN(a->width - left, KG_QUALITY_TILE + 0u);
			uint32_t height = KG_MIN(a->height - top, KG_QUALITY_TILE + 0u);
			uint64_t squares = 0;
			double psnr;

			for (uint32_t y = top; y < top + height; y++)
				squares += row_squares(a->pixels + y * a->stride + (size_t)left * 4,
						       b->pixels + y * b->stride + (size_t)left * 4, width);
			all += squares;
			psnr = psnr_of(squares, (double)width * height);
			if (psnr < quality->worst_psnr) {
				quality->worst_psnr = psnr;
				quality->worst_x = left;
				quality->worst_y = top;
			}
		}
	quality->exact = !all;
	quality->psnr = psnr_of(all, (double)a->width * a->height);
}

/* ---- SSIM ---- */

/* Sums over a block of 4x4 pixels: of both pictures, of their squares together, and of their products. */
struct sums {
	uint32_t a, b, squares, products;
};

static uint32_t luma(const uint8_t *pixel)
{
	return (pixel[0] * 29u + pixel[1] * 150u + pixel[2] * 77u + 128) >> 8;
}

static struct sums block_sums(const struct kg_image *a, const struct kg_image *b, uint32_t left, uint32_t top)
{
	struct sums sums = { 0 };

	for (uint32_t y = top; y < top + BLOCK; y++)
		for (uint32_t x = left; x < left + BLOCK; x++) {
			uint32_t l = luma(a->pixels + y * a->stride + (size_t)x * 4);
			uint32_t r = luma(b->pixels + y * b->stride + (size_t)x * 4);

			sums.a += l;
			sums.b += r;
			sums.squares += l * l + r * r;
			sums.products += l * r;
		}
	return sums;
}

/* Of the window of the blocks x and x + 1 of two rows of blocks. */
static double window_ssim(const struct sums *upper, const struct sums *lower, uint32_t x)
{
	const double n = 4 * BLOCK * BLOCK, c1 = 0.01 * 255 * 0.01 * 255, c2 = 0.03 * 255 * 0.03 * 255;
	double a = 0, b = 0, squares = 0, products = 0, variance, covariance;

	for (uint32_t i = x; i <= x + 1; i++) {
		a += upper[i].a + lower[i].a;
		b += upper[i].b + lower[i].b;
		squares += upper[i].squares + lower[i].squares;
		products += upper[i].products + lower[i].products;
	}
	a /= n;
	b /= n;
	variance = squares / n - a * a - b * b;
	covariance = products / n - a * b;
	return (2 * a * b + c1) * (2 * covariance + c2) / ((a * a + b * b + c1) * (variance + c2));
}

/* Adds a row of windows to the sums of its tiles. */
static void add_windows(const struct sums *upper, const struct sums *lower, uint32_t count, double *tiles)
{
	for (uint32_t x = 0; x < count; x++)
		tiles[x / TILE_BLOCKS] += window_ssim(upper, lower, x);
}

static int measure_ssim(struct kg_quality *quality, const struct kg_image *a, const struct kg_image *b)
{
	uint32_t columns = a->width / BLOCK, rows = a->height / BLOCK;
	uint32_t tile_count = (columns + TILE_BLOCKS - 1) / TILE_BLOCKS;
	struct sums *sums = calloc(2 * ((size_t)columns + 1), sizeof(*sums));
	double *tiles = calloc((size_t)tile_count + 1, sizeof(*tiles));
	double all = 0;
	int r = -ENOMEM;

	quality->ssim = quality->worst_ssim = NAN;
	if (!sums || !tiles)
		goto out;
	r = 0;
	if (columns < 2 || rows < 2)
		goto out;
	for (uint32_t y = 0; y < rows; y++) {
		struct sums *lower = sums + (y & 1) * (size_t)columns, *upper = sums + (~y & 1) * (size_t)columns;
		uint32_t begun = (y - 1) % TILE_BLOCKS;		// rows of windows in this row of tiles, before this one

		for (uint32_t x = 0; x < columns; x++)
			lower[x] = block_sums(a, b, x * BLOCK, y * BLOCK);
		if (!y)
			continue;
		add_windows(upper, lower, columns - 1, tiles);
		if (begun + 1 < TILE_BLOCKS && y + 1 < rows)
			continue;
		for (uint32_t i = 0; i * TILE_BLOCKS < columns - 1; i++) {
			uint32_t across = KG_MIN(columns - 1 - i * TILE_BLOCKS, TILE_BLOCKS + 0u);

			all += tiles[i];
			quality->worst_ssim = fmin(quality->worst_ssim, tiles[i] / (across * (begun + 1)));
			tiles[i] = 0;
		}
	}
	quality->ssim = all / ((double)(columns - 1) * (rows - 1));
out:
	free(sums);
	free(tiles);
	return r;
}

int kg_quality(struct kg_quality *ret, const struct kg_image *shown, const struct kg_image *drawn)
{
	*ret = (struct kg_quality){ 0 };
	measure_psnr(ret, shown, drawn);
	return measure_ssim(ret, shown, drawn);
}
