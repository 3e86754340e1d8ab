/* RemoteFX Progressive against FreeRDP's decoder: first passes and upgrades, differences, regions and ladders. */
#include "tests/progressive-frame.h"

static bool any_overflows(const struct kg_progressive_tile *tiles, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (tiles[i].overflows)
			return true;
	return false;
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

/* What one step off in every colour gives, which the decoder's rounding may make of any pass, in dB, and a little less. */
#define ROUNDING 48

/* Thinner pictures are all edge, where the wavelet is at its worst. */
#define THIN 8

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
		*better &= now > fmin(before - .5, ROUNDING);
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
		else if (KG_MIN(picture.width, picture.height) >= THIN)
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
	check_passes();
	check_differences();
	check_region();
	check_ladders();
	return tap_end();
}
