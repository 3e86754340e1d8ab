/* RemoteFX Progressive against FreeRDP's decoder: complete tiles of any size, steps and picture. */
#include "tests/check.h"
#include "tests/progressive-frame.h"

static struct kg_rfx_quant random_quant(uint32_t most)
{
	struct kg_rfx_quant quant;

	for (int band = 0; band < KG_RFX_BANDS; band++)
		quant.step[band] = (uint8_t)(KG_RFX_STEP_MIN + rnd() % (most - KG_RFX_STEP_MIN + 1));
	return quant;
}

/* What quantisation may do to a pixel, as a mean square: the part of each band, by what its inverse amplifies. */
static double error_allowed(const struct kg_rfx_quant *quant)
{
	double sum = 1;

	for (int c = 0; c < 3; c++)
		for (int band = 0; band < KG_RFX_BANDS; band++) {
			double step = pow(2, quant[c].step[band] - 6);

			sum += step * step / 12 * (band < 3 ? 3.6 : band < 6 ? 1.2 : .5);
		}
	return sum;
}

/* ---- complete tiles ---- */

static void check_sizes(enum kg_rfx_wavelet wavelet, const char *name)
{
	bool right = true, close = true, kept = true;
	double worst = 0;

	for (int round = 0; round < ROUNDS; round++) {
		uint32_t width = 1 + rnd() % SIDE, height = 1 + rnd() % SIDE, count, some = 0;
		struct picture picture = picture_new(width, height);
		struct oracle oracle = oracle_new(width, height);
		struct kg_rfx_quant quant[3] = { random_quant(9), random_quant(9), random_quant(9) };
		struct kg_progressive_ladder ladder;
		struct kg_progressive_tile all[TILES], tiles[TILES];

		if (round % 4 == 0)
			quant[0] = quant[1] = quant[2] = KG_RFX_QUANT_DEFAULT;
		kg_progressive_ladder_init(&ladder, quant, NULL, 0);
		for (uint32_t y = 0; y < height; y += 64)
			for (uint32_t x = 0; x < width; x += 64)
				draw(&picture, (enum content)(rnd() % CONTENTS), x, y, 64, 64);
		count = tiles_of(&picture, all, KG_PROGRESSIVE_NEW, 0);
		for (uint32_t i = 0; i < count; i++)
			if (rnd() % 3 || i + 1 == count)
				tiles[some++] = all[i];
		memset(oracle.screen.pixels, 0x77, (size_t)width * height * 4);
		right &= oracle_decode(&oracle, bytes, encode(&ladder, wavelet, tiles, some, 0));
		for (uint32_t i = 0, next = 0; i < count; i++) {
			struct kg_rect r = rect_of(&all[i]);
			bool sent = next < some && tiles[next].pixels == all[i].pixels;
			double error = error_of(&picture, &oracle.screen, (uint32_t)r.left, (uint32_t)r.top, all[i].width,
						all[i].height);

			if (sent && !tiles[next].overflows) {
				worst = fmax(worst, error / error_allowed(quant));
				close &= error <= error_allowed(quant);
			} else if (!sent) {
				kept &= oracle.screen.pixels[r.top * (int)width + r.left] == 0x77777777;
			}
			next += sent;
		}
		oracle_done(&oracle);
		picture_done(&picture);
	}
	ok(right, "%s: FreeRDP decodes surfaces of any size, of any tiles", name);
	ok(close, "%s: what it shows is as close as the steps promise (the worst tile has %.2f of what it may)", name, worst);
	ok(kept, "%s: other tiles stay as they are", name);
}

static void check_coarse(void)
{
	bool right = true;

	for (int round = 0; round < ROUNDS / 4; round++) {
		struct picture picture = picture_new(128, 128);
		struct oracle oracle = oracle_new(128, 128);
		struct kg_rfx_quant quant[3] = { random_quant(15), random_quant(15), random_quant(15) };
		struct kg_progressive_ladder ladder;
		struct kg_progressive_tile tiles[TILES];

		kg_progressive_ladder_init(&ladder, quant, NULL, 0);
		draw(&picture, (enum content)(rnd() % CONTENTS), 0, 0, 128, 128);
		right &= oracle_decode(&oracle, bytes, encode(&ladder, (enum kg_rfx_wavelet)(round % 2), tiles,
							      tiles_of(&picture, tiles, KG_PROGRESSIVE_NEW, 0), 0));
		oracle_done(&oracle);
		picture_done(&picture);
	}
	ok(right, "any steps can be decoded");
}

/* ---- what lies around the pixels ---- */

static struct kg_progressive_tile edge_tiles[TILES];
static struct kg_progressive_ladder edge_ladder;

static void encode_edge(void *data)
{
	encode(&edge_ladder, (enum kg_rfx_wavelet)(rnd() % 2), edge_tiles, *(uint32_t *)data, 0);
}

/* Pixels that end at a forbidden page. */
static void check_edges(enum kg_cpu cpu)
{
	bool right = true;

	kg_dsp_init(&dsp, cpu);
	kg_progressive_ladder_simple(&edge_ladder);
	for (int round = 0; right && round < ROUNDS; round++) {
		struct picture picture = { 1 + rnd() % 130, 1 + rnd() % 130, NULL };
		uint32_t count;

		picture.pixels = guarded(picture.width * picture.height * 4);
		draw(&picture, NOISE, 0, 0, picture.width, picture.height);
		count = tiles_of(&picture, edge_tiles, KG_PROGRESSIVE_NEW, 0);
		right = check_survives(encode_edge, &count);
		if (!right)
			note("%ux%u", picture.width, picture.height);
	}
	kg_dsp_init(&dsp, kg_cpu_best());
	ok(right, "%s reads nothing beyond the pixels of a tile", kg_cpu_name(cpu));
}

/* ---- hard pictures ---- */

static void check_hard(enum kg_rfx_wavelet wavelet, const char *name)
{
	struct kg_progressive_ladder ladder;
	bool told = true, one_pixel = true;
	uint32_t overflows = 0;

	kg_progressive_ladder_fine(&ladder);
	for (enum content content = 0; content < CONTENTS; content++) {
		struct picture picture = picture_new(SIDE, SIDE);
		struct oracle oracle = oracle_new(SIDE, SIDE);
		struct kg_progressive_tile tiles[TILES];
		double least = 99;
		uint32_t count;

		draw(&picture, content, 0, 0, SIDE, SIDE);
		count = tiles_of(&picture, tiles, KG_PROGRESSIVE_NEW, (uint8_t)ladder.count);
		ok(oracle_decode(&oracle, bytes, encode(&ladder, wavelet, tiles, count, 0)), "%s: %s can be decoded", name,
		   content_names[content]);
		for (uint32_t i = 0; i < count; i++) {
			uint32_t left = tiles[i].x * 64u, top = tiles[i].y * 64u, corner = (top + 63) * SIDE + left + 63;
			double error = error_of(&picture, &oracle.screen, left, top, 64, 64);

			if (tiles[i].overflows) {
				overflows++;
				oracle.screen.pixels[corner] = picture.pixels[corner];
				error = error_of(&picture, &oracle.screen, left, top, 64, 64);
				one_pixel &= psnr_of_error(error) > 43.3;
			} else {
				told &= psnr_of_error(error) > 43.3;
			}
			least = fmin(least, psnr_of_error(error));
		}
		note("%s: %s, finest: %.1f dB in the worst tile, %zu bytes a tile", name, content_names[content], least,
		     encode(&ladder, wavelet, tiles, count, 1) / count);
		oracle_done(&oracle);
		picture_done(&picture);
	}
	ok(told, "%s: every tile that is not said to overflow is right", name);
	ok(one_pixel, "%s: one that is said to overflow has one wrong pixel", name);
	ok(wavelet == KG_RFX_EXTRAPOLATE ? overflows > 0 : !overflows, "%s: %u tiles overflow", name, overflows);
}

static void check_shares(void)
{
	bool fits = true;

	for (uint32_t count = 1; count < 2000; count++)
		for (uint32_t threads = 0; threads <= 8; threads++) {
			uint32_t share = kg_rfx_share(count, threads, 60), batches = (count + share - 1) / share;

			fits &= share >= 1 && share <= 60 && batches <= (count + 59) / 60 + threads;
		}
	ok(fits, "tiles are shared out in batches that have room");
	ok(kg_rfx_share(510, 1, 60) == 57 && kg_rfx_share(510, 2, 60) == 51 && kg_rfx_share(510, 8, 60) == 32 &&
	       kg_rfx_share(20, 8, 60) == 20,
	   "and all threads have as many, where that pays");
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	kg_dsp_init(&dsp, kg_cpu_best());
	kg_rfx_batch_init(&batch, malloc(kg_rfx_batch_size(7)), 7);
	check_sizes(KG_RFX_EXTRAPOLATE, "reduce-extrapolate");
	check_sizes(KG_RFX_SYMMETRIC, "symmetric");
	check_coarse();
	check_shares();
	for (enum kg_cpu cpu = KG_CPU_C; cpu <= kg_cpu_best(); cpu++)
		check_edges(cpu);
	check_hard(KG_RFX_EXTRAPOLATE, "reduce-extrapolate");
	check_hard(KG_RFX_SYMMETRIC, "symmetric");
	return tap_end();
}
