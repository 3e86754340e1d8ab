/* The codes in a picture's corner: what was drawn is read, through noise too, and nothing else is. */
#include "bench/workload/timecode.h"
#include "tests/check.h"

enum { SIZE = KG_CODE_WIDTH * KG_CODE_HEIGHT * 4, STRIDE = KG_CODE_WIDTH * 4 };

static struct kg_timecode random_time(void)
{
	return (struct kg_timecode){ (uint32_t)rnd(), (uint64_t)rnd() << 32 ^ rnd(), (uint32_t)rnd() };
}

static bool same_time(const struct kg_timecode *a, const struct kg_timecode *b)
{
	return a->number == b->number && a->drawn_us == b->drawn_us && a->late_us == b->late_us;
}

static void fill_randomly(uint8_t *pixels)
{
	for (size_t i = 0; i < SIZE; i++)
		pixels[i] = (uint8_t)rnd();
}

static void what_was_drawn(void)
{
	uint8_t *pixels = guarded(SIZE);
	bool right = true;

	for (int i = 0; right && i < 200; i++) {
		struct kg_timecode time = random_time(), got_time;
		struct kg_keycode key = { (uint16_t)rnd(), (uint16_t)rnd(), (uint64_t)rnd() << 32 ^ rnd() }, got_key;

		fill_randomly(pixels);
		kg_timecode_draw(pixels, STRIDE, &time);
		kg_keycode_draw(pixels, STRIDE, &key);
		right = kg_timecode_read(pixels, STRIDE, &got_time) && same_time(&time, &got_time) &&
			kg_keycode_read(pixels, STRIDE, &got_key) && got_key.count == key.count &&
			got_key.key == key.key && got_key.pressed_us == key.pressed_us && front_clean(pixels);
	}
	ok(right, "what was drawn is read, both codes over anything");
}

/* Only their own rectangles. */
static void touches_nothing_else(void)
{
	uint8_t *pixels = guarded(SIZE);
	struct kg_rect rect = kg_timecode_rect();
	bool right = true;

	memset(pixels, 0x5a, SIZE);
	kg_timecode_draw(pixels, STRIDE, &(struct kg_timecode){ 0 });
	for (int32_t y = 0; y < KG_CODE_HEIGHT; y++)
		for (int32_t x = 0; x < KG_CODE_WIDTH; x++)
			right &= (y >= rect.top && y < rect.bottom && x < rect.right) ==
				 (pixels[y * STRIDE + x * 4] != 0x5a);
	rect = kg_keycode_rect();
	memset(pixels, 0x5a, SIZE);
	kg_keycode_draw(pixels, STRIDE, &(struct kg_keycode){ 0 });
	for (int32_t y = 0; y < KG_CODE_HEIGHT; y++)
		for (int32_t x = 0; x < KG_CODE_WIDTH; x++)
			right &= (y >= rect.top && y < rect.bottom && x < rect.right) ==
				 (pixels[y * STRIDE + x * 4] != 0x5a);
	ok(right, "each code fills its rectangle and touches nothing else");
}

static void nothing_else(void)
{
	uint8_t *pixels = guarded(SIZE);
	struct kg_timecode time = random_time(), got;
	struct kg_keycode got_key;
	uint32_t found = 0, wrong = 0;

	for (int i = 0; i < 500; i++) {
		fill_randomly(pixels);
		found += kg_timecode_read(pixels, STRIDE, &got) + kg_keycode_read(pixels, STRIDE, &got_key);
	}
	memset(pixels, 0, SIZE);
	found += kg_timecode_read(pixels, STRIDE, &got) + kg_keycode_read(pixels, STRIDE, &got_key);
	memset(pixels, 0xff, SIZE);
	found += kg_timecode_read(pixels, STRIDE, &got) + kg_keycode_read(pixels, STRIDE, &got_key);
	ok(!found, "where no code is, none is found");

	for (uint32_t cell = 0; cell < KG_CODE_COLUMNS * (KG_TIMECODE_HEIGHT / KG_CODE_CELL); cell++) {
		size_t at = cell / KG_CODE_COLUMNS * KG_CODE_CELL * STRIDE + cell % KG_CODE_COLUMNS * KG_CODE_CELL * 4;

		kg_timecode_draw(pixels, STRIDE, &time);
		for (size_t y = 0; y < KG_CODE_CELL; y++)
			for (size_t x = 0; x < KG_CODE_CELL * 4; x++)
				pixels[at + y * STRIDE + x] ^= 0xff;
		wrong += kg_timecode_read(pixels, STRIDE, &got);
	}
	ok(!wrong, "a code with any cell wrong is none (%u of them were)", wrong);
}

/* Half of one frame's code and half of the next one's: what a client shows while it decodes, or a torn picture. */
static void torn(void)
{
	uint8_t *before = guarded(SIZE), *after = guarded(SIZE);
	struct kg_timecode time = random_time(), got;
	bool right = true;

	for (int i = 0; right && i < 200; i++) {
		size_t rows = KG_CODE_CELL * (2 + rnd() % 4);

		kg_timecode_draw(before, STRIDE, &time);
		time.number++;
		time.drawn_us += 33333 + rnd() % 100;
		time.late_us = (uint32_t)(rnd() % 1000);
		kg_timecode_draw(after, STRIDE, &time);
		memcpy(after, before, rows * STRIDE);
		right = !kg_timecode_read(after, STRIDE, &got);
	}
	ok(right, "a code of which a part is older is none");
}

/* Grey instead of black and white, blurred, and with noise on top, as no codec of ours is so bad. */
static void through_noise(void)
{
	uint8_t *pixels = guarded(SIZE), *soft = guarded(SIZE);
	uint32_t read = 0;

	for (int i = 0; i < 50; i++) {
		struct kg_timecode time = random_time(), got;

		kg_timecode_draw(pixels, STRIDE, &time);
		memcpy(soft, pixels, SIZE);
		for (int32_t y = 0; y < KG_TIMECODE_HEIGHT; y++)
			for (int32_t x = 0; x < KG_CODE_WIDTH; x++) {
				int32_t sum = 0;

				for (int32_t k = -2; k <= 2; k++) {
					int32_t at = KG_MIN(KG_MAX(x + k, 0), KG_CODE_WIDTH - 1);

					sum += pixels[y * STRIDE + at * 4];
				}
				for (int32_t k = 0; k < 3; k++)
					soft[y * STRIDE + x * 4 + k] =
						(uint8_t)(64 + sum / 5 / 2 + (int32_t)(rnd() % 97) - 48);
			}
		read += kg_timecode_read(soft, STRIDE, &got) && same_time(&time, &got);
	}
	ok(read == 50, "half the contrast, a blur of five pixels and noise do no harm (%u of 50 were read)", read);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	what_was_drawn();
	touches_nothing_else();
	nothing_else();
	torn();
	through_noise();
	return tap_end();
}
