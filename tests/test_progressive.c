/* RemoteFX Progressive against FreeRDP's decoder: complete tiles, first passes and upgrades, differences, and regions. */
#include "tests/rfx-oracle.h"

enum {
	SIDE = 256,			// the largest surface, pixels
	TILES = (SIDE / 64) * (SIDE / 64),
	ROOM = 1 << 20,
#ifdef KG_SANITIZED
	ROUNDS = 20,
#else
	ROUNDS = 120,
#endif
};

static struct kg_dsp dsp;
static struct kg_rfx_batch batch;
static uint8_t bytes[ROOM];

/* ---- helpers: a picture's tiles, a frame of them ---- */

static uint32_t tiles_of(const struct picture *picture, struct kg_progressive_tile *tiles, uint8_t from, uint8_t to)
{
	uint32_t n = 0;

	for (uint32_t y = 0; y < picture->height; y += 64)
		for (uint32_t x = 0; x < picture->width; x += 64)
			tiles[n++] = (struct kg_progressive_tile){
				.pixels = (const uint8_t *)(picture->pixels + y * picture->width + x),
				.stride = picture->width * 4,
				.width = KG_MIN(picture->width - x, 64u),
				.height = KG_MIN(picture->height - y, 64u),
				.x = (uint16_t)(x / 64),
				.y = (uint16_t)(y / 64),
				.from = from,
				.to = to,
			};
	return n;
}

static struct kg_rect rect_of(const struct kg_progressive_tile *tile)
{
	return (struct kg_rect){ tile->x * 64, tile->y * 64, tile->x * 64 + (int32_t)tile->width,
				 tile->y * 64 + (int32_t)tile->height };
}

/* A frame of these tiles. Returns its size in bytes. */
static size_t encode(const struct kg_progressive_ladder *ladder, enum kg_rfx_wavelet wavelet,
		     struct kg_progressive_tile *tiles, uint32_t count, uint32_t frame)
{
	struct kg_writer to = kg_writer_of(bytes, sizeof(bytes));
	struct kg_progressive region;
	struct kg_rect rects[TILES];
	uint32_t done;

	for (uint32_t i = 0; i < count; i++)
		rects[i] = rect_of(&tiles[i]);
	kg_progressive_begin(&region, &to, ladder, wavelet, frame == 0, frame, rects, count);
	done = kg_progressive_tiles(&dsp, &batch, ladder, wavelet, tiles, count, &to);
	kg_progressive_add(&region, NULL, 0, done);
	return done == count && !kg_progressive_end(&region) ? kg_writer_size(&to) : 0;
}

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

static bool any_overflows(const struct kg_progressive_tile *tiles, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (tiles[i].overflows)
			return true;
	return false;
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

/* ---- passes ---- */

/* Steps that leave less and less. */
static unsigned random_steps(struct kg_progressive_step *steps)
{
	unsigned count = 1 + rnd() % KG_PROGRESSIVE_STEPS;

	for (int c = 0; c < 3; c++)
		for (int band = 0; band < KG_RFX_BANDS; band++) {
			uint8_t later = 0;

			for (unsigned pass = count; pass-- > 0;) {
				later = (uint8_t)KG_MIN(later + rnd() % 4, band == KG_LL3 ? 4u : KG_UPGRADE_BITS + 0u);
				steps[pass].later[c][band] = later;
			}
		}
	return count;
}

static bool run_passes(const struct kg_progressive_ladder *ladder, const struct picture *picture, double *last, bool *better,
		       bool *exact)
{
	struct oracle oracle = oracle_new(picture->width, picture->height);
	struct oracle simple = oracle_new(picture->width, picture->height);
	struct kg_progressive_tile tiles[TILES];
	uint8_t from = KG_PROGRESSIVE_NEW, to = (uint8_t)(rnd() % (ladder->count + 1));
	uint32_t count = tiles_of(picture, tiles, KG_PROGRESSIVE_NEW, (uint8_t)ladder->count), frame = 0;
	bool right = oracle_decode(&simple, bytes, encode(ladder, KG_RFX_EXTRAPOLATE, tiles, count, 0));
	double before = 0;

	for (;;) {
		double now;

		tiles_of(picture, tiles, from, to);
		right &= oracle_decode(&oracle, bytes, encode(ladder, KG_RFX_EXTRAPOLATE, tiles, count, frame++));
		now = psnr(picture, &oracle.screen);
		*better &= now > before - .5;
		before = now;
		if (to == ladder->count)
			break;
		from = to;
		to = (uint8_t)(from + 1 + rnd() % (ladder->count - from));
	}
	*last = any_overflows(tiles, count) ? 99 : before;
	*exact &= same_picture(&oracle.screen, &simple.screen);
	oracle_done(&oracle);
	oracle_done(&simple);
	return right;
}

static void check_passes(void)
{
	bool right = true, better = true, exact = true;
	double least = 99, least_noise = 99, last;

	for (int round = 0; round < ROUNDS; round++) {
		struct picture picture = picture_new(1 + rnd() % 200, 1 + rnd() % 200);
		struct kg_progressive_step steps[KG_PROGRESSIVE_STEPS];
		struct kg_progressive_ladder ladder;
		bool noise = false;

		kg_progressive_ladder_fine(&ladder);
		if (round % 2 && kg_progressive_ladder_init(&ladder, ladder.quant, steps, random_steps(steps)))
			right = false;
		for (uint32_t x = 0; x < picture.width; x += 64) {
			enum content content = (enum content)(rnd() % CONTENTS);

			draw(&picture, content, x, 0, 64, picture.height);
			noise |= content == NOISE;
		}
		right &= run_passes(&ladder, &picture, &last, &better, &exact);
		if (noise)
			least_noise = fmin(least_noise, last);
		else
			least = fmin(least, last);
		picture_done(&picture);
	}
	ok(right, "FreeRDP decodes first passes and upgrades, by any ladder and with passes left out");
	ok(better, "each pass is better than the one before");
	ok(exact, "the last pass gives what the complete tile gives, bit by bit");
	ok(least >= 45, "the last pass of the finest quantisation reaches %.1f dB", least);
	ok(least_noise >= 43.5, "with white noise, which no legal quantisation brings to 45, %.1f dB", least_noise);
}

/* ---- differences ---- */

static void check_differences(void)
{
	struct kg_progressive_ladder ladder;
	bool right = true, exact = true, smaller = true;

	kg_progressive_ladder_simple(&ladder);
	for (int round = 0; round < ROUNDS / 2; round++) {
		enum kg_rfx_wavelet wavelet = (enum kg_rfx_wavelet)(round % 2);
		struct picture before = picture_new(192, 128), now = picture_new(192, 128);
		struct oracle oracle = oracle_new(192, 128), fresh = oracle_new(192, 128);
		struct kg_progressive_tile tiles[TILES];
		uint32_t count, small = round % 3;
		size_t size, fresh_size;

		for (uint32_t x = 0; x < 192; x += 64)
			draw(&before, (enum content)(rnd() % CONTENTS), x, 0, 64, 128);
		memcpy(now.pixels, before.pixels, 192 * 128 * 4);
		if (small)		// a little in each tile
			for (uint32_t x = 0; x < 192; x += 64)
				draw(&now, TEXT, x + rnd() % 40, rnd() % 90, 8, 16);
		else
			draw(&now, (enum content)(rnd() % CONTENTS), rnd() % 190, rnd() % 120, 192, 128);
		count = tiles_of(&before, tiles, KG_PROGRESSIVE_NEW, 0);
		right &= oracle_decode(&oracle, bytes, encode(&ladder, wavelet, tiles, count, 0));
		tiles_of(&now, tiles, KG_PROGRESSIVE_NEW, 0);
		fresh_size = encode(&ladder, wavelet, tiles, count, 0);
		right &= oracle_decode(&fresh, bytes, fresh_size);
		for (uint32_t i = 0; i < count; i++)
			tiles[i].before = (const uint8_t *)(before.pixels + (tiles[i].y * 192 + tiles[i].x) * 64);
		size = encode(&ladder, wavelet, tiles, count, 1);
		right &= oracle_decode(&oracle, bytes, size);
		exact &= same_picture(&oracle.screen, &fresh.screen);
		smaller &= size <= fresh_size + fresh_size / 20;
		oracle_done(&oracle);
		oracle_done(&fresh);
		picture_done(&before);
		picture_done(&now);
	}
	ok(right, "FreeRDP decodes differences");
	ok(exact, "a difference gives what the complete tile gives");
	ok(smaller, "a difference is sent where it is smaller");
}

/* ---- regions ---- */

static void check_region(void)
{
	static uint8_t whole[ROOM], part[2][ROOM / 4];
	struct picture picture = picture_new(SIDE, SIDE);
	struct kg_progressive_ladder ladder;
	struct kg_progressive_tile tiles[TILES];
	struct kg_writer to = kg_writer_of(whole, sizeof(whole)), writers[2];
	struct kg_rect all = { 0, 0, SIDE, SIDE };
	struct kg_progressive region;
	size_t size;
	uint32_t half = TILES / 2 - 1;
	bool right = true;

	kg_progressive_ladder_simple(&ladder);
	draw(&picture, TEXT, 0, 0, SIDE, SIDE);
	draw(&picture, NOISE, 64, 64, 64, 64);
	tiles_of(&picture, tiles, KG_PROGRESSIVE_NEW, 0);
	size = encode(&ladder, KG_RFX_EXTRAPOLATE, tiles, TILES, 0);
	for (int i = 0; i < 2; i++) {
		writers[i] = kg_writer_of(part[i], sizeof(part[i]));
		kg_progressive_tiles(&dsp, &batch, &ladder, KG_RFX_EXTRAPOLATE, tiles + i * half, i ? TILES - half : half,
				     &writers[i]);
	}
	kg_progressive_begin(&region, &to, &ladder, KG_RFX_EXTRAPOLATE, true, 0, &all, 1);
	for (uint32_t i = 0; i < 2; i++)
		kg_progressive_add(&region, part[i], kg_writer_size(&writers[i]), i ? TILES - half : half);
	ok(!kg_progressive_end(&region) && kg_writer_size(&to) == size - (TILES - 1) * 8 &&
	   !memcmp(whole + 34 + 18 + 8, bytes + 34 + 18 + 8 * TILES, size - 34 - 18 - 8 * TILES),
	   "blocks of several writers make the region that one writes");

	for (size_t room = 0; room < 6000; room += 1 + rnd() % 100) {
		struct kg_writer small = kg_writer_of(part[0], room);
		uint32_t n = kg_progressive_tiles(&dsp, &batch, &ladder, KG_RFX_EXTRAPOLATE, tiles, TILES, &small);
		size_t used = kg_writer_size(&small);

		right &= kg_writer_ok(&small) && used <= room && n < TILES &&
			 (n ? !memcmp(part[0], whole + 34 + 18 + 8 + 15, used) : !used);
	}
	ok(right, "tiles that do not fit are left out whole");
	to = kg_writer_of(whole, 80);
	kg_progressive_begin(&region, &to, &ladder, KG_RFX_EXTRAPOLATE, true, 0, &all, 1);
	kg_progressive_add(&region, bytes, 100, 1);
	ok(kg_progressive_end(&region) == -ENOSPC, "a region without room is reported");
	to = kg_writer_of(whole, sizeof(whole));
	kg_progressive_begin(&region, &to, &ladder, KG_RFX_EXTRAPOLATE, true, 0, &all, 1);
	ok(kg_progressive_end(&region) == -EINVAL, "a region without tiles is refused");
	picture_done(&picture);
}

static void check_ladders(void)
{
	struct kg_progressive_step steps[2] = { { .quality = 20 }, { .quality = 60 } };
	struct kg_progressive_ladder ladder;
	struct kg_rfx_quant quant[3];

	kg_progressive_ladder_fine(&ladder);
	memcpy(quant, ladder.quant, sizeof(quant));
	memset(steps[0].later, 3, sizeof(steps[0].later));
	memset(steps[1].later, 1, sizeof(steps[1].later));
	ok(!kg_progressive_ladder_init(&ladder, quant, steps, 2), "a ladder may go down by bits");
	steps[1].later[2][KG_HH1] = 4;
	ok(kg_progressive_ladder_init(&ladder, quant, steps, 2) == -EINVAL, "not up");
	steps[1].later[2][KG_HH1] = 0;
	steps[0].later[2][KG_HH1] = 7;
	ok(kg_progressive_ladder_init(&ladder, quant, steps, 2) == -EINVAL, "not by seven bits");
	steps[0].later[2][KG_HH1] = 6;
	steps[0].later[0][KG_LL3] = 6;
	quant[0].step[KG_LL3] = 10;
	ok(kg_progressive_ladder_init(&ladder, quant, steps, 2) == -EINVAL, "LL3 keeps a value");
	quant[0].step[KG_LL3] = 5;
	ok(kg_progressive_ladder_init(&ladder, quant, NULL, 0) == -EINVAL, "no step of quantisation is below 6");
	quant[0].step[KG_LL3] = 6;
	ok(kg_progressive_ladder_init(&ladder, quant, steps, 9) == -EINVAL, "there are at most %d passes before the last",
	   KG_PROGRESSIVE_STEPS);
}

int main(void)
{
	tap_seed_init();
	kg_dsp_init(&dsp, kg_cpu_best());
	kg_rfx_batch_init(&batch, malloc(kg_rfx_batch_size(7)), 7);
	check_sizes(KG_RFX_EXTRAPOLATE, "reduce-extrapolate");
	check_sizes(KG_RFX_SYMMETRIC, "symmetric");
	check_coarse();
	check_hard(KG_RFX_EXTRAPOLATE, "reduce-extrapolate");
	check_hard(KG_RFX_SYMMETRIC, "symmetric");
	check_passes();
	check_differences();
	check_region();
	check_ladders();
	return tap_end();
}
