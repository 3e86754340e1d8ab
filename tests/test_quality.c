/* PSNR and SSIM against values worked out by hand, and what kagami-bench makes of frames that move and stand still. */
#include "bench/quality.h"
#include "tests/tap.h"

#include <math.h>

#define WIDTH 200				// three tiles and a part of one
#define HEIGHT 136

static uint8_t left[HEIGHT][WIDTH][4], right[HEIGHT][WIDTH][4];
static const struct kg_image a = { &left[0][0][0], WIDTH, HEIGHT, WIDTH * 4 }, b = { &right[0][0][0], WIDTH, HEIGHT,
										    WIDTH * 4 };

static bool about(double value, double expected, double within)
{
	return fabs(value - expected) <= within;
}

static struct kg_quality measure(void)
{
	struct kg_quality q = { 0 };

	if (kg_quality(&q, &a, &b) < 0)
		abort();
	return q;
}

static void fill(uint8_t (*pixels)[WIDTH][4], uint8_t value)
{
	memset(pixels, value, sizeof(left));
}

static void equal(void)
{
	struct kg_quality q;

	for (size_t i = 0; i < sizeof(left); i++)
		(&left[0][0][0])[i] = (uint8_t)(i * 7 + i / 300);
	memcpy(right, left, sizeof(left));
	right[3][5][3] ^= 0xff;
	q = measure();
	ok(q.exact && isinf(q.psnr) && isinf(q.worst_psnr), "equal pictures, but for X, are exact");
	ok(about(q.ssim, 1, 1e-9) && about(q.worst_ssim, 1, 1e-9) && kg_images_equal(&a, &b), "and have an SSIM of 1");
	right[HEIGHT - 1][WIDTH - 1][2] ^= 1;
	q = measure();
	ok(!q.exact && !kg_images_equal(&a, &b), "one bit in the last pixel is seen");
	ok(q.worst_x == 192 && q.worst_y == 128, "in the tile where it is");
	/* One squared difference in 3 * 200 * 136 samples; the tile has 8 x 8 pixels. */
	ok(about(q.psnr, 10 * log10(65025.0 * 3 * WIDTH * HEIGHT), 1e-9) &&
	   about(q.worst_psnr, 10 * log10(65025.0 * 3 * 64), 1e-9),
	   "PSNR %.2f dB, its tile %.2f dB", q.psnr, q.worst_psnr);
}

static void flat(void)
{
	struct kg_quality q;

	fill(left, 100);
	fill(right, 110);
	/* MSE 100: 10 log10(65025 / 100) = 28.13. Without variance SSIM is (2ab + C1) / (a2 + b2 + C1), C1 = 6.5025. */
	q = measure();
	ok(about(q.psnr, 28.1308, 1e-3) && about(q.worst_psnr, q.psnr, 1e-9),
	   "a difference of ten everywhere is 28.13 dB");
	ok(about(q.ssim, (22000 + 6.5025) / (22100 + 6.5025), 1e-6) && about(q.worst_ssim, q.ssim, 1e-9),
	   "SSIM of flat pictures: %.5f",
	   q.ssim);
}

static void inverse(void)
{
	struct kg_quality q;

	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++) {
			memset(left[y][x], (x + y) % 2 ? 200 : 0, 4);
			memset(right[y][x], (x + y) % 2 ? 0 : 200, 4);
		}
	/* Means 100, variances 10000, covariance -10000: (C2 - 20000) / (C2 + 20000), C2 = 58.5225. */
	q = measure();
	ok(about(q.ssim, (58.5225 - 20000) / (58.5225 + 20000), 1e-6), "an inverse has an SSIM of %.4f",
	   q.ssim);
	memcpy(right, left, sizeof(left));
	for (int y = 64; y < 128; y++)
		for (int x = 128; x < 192; x++)
			memset(right[y][x], 100, 4);
	q = measure();
	ok(q.worst_x == 128 && q.worst_y == 64 && about(q.worst_psnr, 8.1308, 1e-3),
	   "the worst tile is the one that was wiped: %.2f dB at %u, %u", q.worst_psnr, q.worst_x, q.worst_y);
	/*
	 * Of 49 x 33 windows 15 x 15 lie all inside of it, with C2 / (C2 + 10000) = 0.0058, and 64 partly; the rest has
	 * 1. In the tile itself 16 x 16 windows begin, of which 31 reach out of it.
	 */
	ok(q.ssim > 0.822 && q.ssim < 0.862 && q.worst_ssim > 0.005 && q.worst_ssim < 0.127,
	   "SSIM %.3f, the worst tile's %.3f",
	   q.ssim, q.worst_ssim);
}

static void small(void)
{
	const struct kg_image one = { &left[0][0][0], 7, 7, WIDTH * 4 }, two = { &right[0][0][0], 7, 7, WIDTH * 4 };
	struct kg_quality q = { 0 };

	ok(kg_quality(&q, &one, &two) == 0 && isnan(q.ssim), "no window fits into 7 x 7 pixels");
}

int main(void)
{
	equal();
	flat();
	inverse();
	small();
	return tap_end();
}
