/* The pictures that codecs are measured with: the same for a seed everywhere, in every size, and moving as they say. */
#include "bench/workload/pictures.h"
#include "tests/check.h"

enum { SEED = 1, WIDTH = 640, HEIGHT = 360 };

static uint32_t checksum(const uint8_t *bytes, size_t size)	// FNV-1a
{
	uint32_t sum = 0x811c9dc5;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ bytes[i]) * 0x01000193;
	return sum;
}

static uint8_t *drawn(const char *name, uint32_t seed, uint32_t frame, uint32_t width, uint32_t height)
{
	uint8_t *pixels = malloc((size_t)width * height * 4);

	if (!pixels || kg_picture_draw(kg_picture_find(name), seed, frame, pixels, width, height, (size_t)width * 4)) {
		printf("Bail out! %s is not drawn\n", name);
		exit(EXIT_FAILURE);
	}
	return pixels;
}

/* These numbers were seen with gcc 12 and clang 14 on x86-64. Whoever changes a picture changes all figures made with it. */
static void same_everywhere(void)
{
	static const struct {
		const char *name;
		uint32_t frame, sum;
	} known[] = {
		{ "text", 0, 0x8539348d }, { "text", 40, 0x04d16107 }, { "terrain", 0, 0x70bed52d }, { "terrain", 9, 0x9b0a3e20 },
		{ "dark", 0, 0x6b4fa9db }, { "dark", 9, 0x1beece29 }, { "photo", 0, 0x44313b9a }, { "photo", 9, 0x5f960db7 },
		{ "noise", 0, 0x6b4d5e76 }, { "noise", 1, 0xcdcb2988 }, { "scroll", 0, 0x70ab9165 }, { "scroll", 40, 0xbf3bb345 },
		{ "typing", 7, 0x1d6e516e }, { "drag", 3, 0xae836a16 },
	};

	for (size_t i = 0; i < KG_ARRAY_SIZE(known); i++) {
		uint8_t *pixels = drawn(known[i].name, SEED, known[i].frame, WIDTH, HEIGHT);
		uint32_t sum = checksum(pixels, (size_t)WIDTH * HEIGHT * 4);

		ok(sum == known[i].sum, "%s, frame %u, is what it always was (0x%08x)", known[i].name, known[i].frame, sum);
		free(pixels);
	}
}

static void seeds_differ(void)
{
	for (size_t i = 0; i < kg_pictures_count; i++) {
		const char *name = kg_pictures[i].name;
		uint8_t *one = drawn(name, 1, 0, WIDTH, HEIGHT), *two = drawn(name, 2, 0, WIDTH, HEIGHT);

		ok(memcmp(one, two, (size_t)WIDTH * HEIGHT * 4), "%s: another seed makes another picture", name);
		free(one);
		free(two);
	}
}

struct attempt {
	const struct kg_picture *picture;
	uint8_t *pixels;
	uint32_t frame, width, height;
	size_t stride;
	int r;
};

static void draw_attempt(void *data)
{
	struct attempt *a = data;

	a->r = kg_picture_draw(a->picture, SEED, a->frame, a->pixels, a->width, a->height, a->stride);
}

/* Odd sizes and far frames, the last row against a forbidden page; what lies between the rows is not touched. */
static void every_size(const struct kg_picture *picture)
{
	static const uint32_t sides[] = { 1, 2, 7, 61, 64, 230, 333 };
	static const uint32_t frames[] = { 0, 1, 999, UINT32_MAX };
	bool right = true;

	for (uint32_t i = 0; right && i < KG_ARRAY_SIZE(sides) * KG_ARRAY_SIZE(sides); i += 1 + rnd() % 5) {
		uint32_t width = sides[i % KG_ARRAY_SIZE(sides)], height = sides[i / KG_ARRAY_SIZE(sides)];
		size_t stride = (width + rnd() % 3) * 4, size = stride * (height - 1) + width * 4;
		struct attempt a = { picture, guarded(size), frames[rnd() % 4], width, height, stride, -1 };

		memset(a.pixels, 0x5a, size);
		right = check_survives(draw_attempt, &a) && !a.r && front_clean(a.pixels);
		for (uint32_t y = 0; right && y < height; y++)
			for (size_t x = 0; right && x < stride && y * stride + x < size; x++)
				right = x < width * 4 ? x % 4 != 3 || a.pixels[y * stride + x] == 0xff
						      : a.pixels[y * stride + x] == 0x5a;
		if (!right)
			note("%ux%u, frame %u", width, height, a.frame);
	}
	ok(right, "%s: every size and frame is drawn whole, and nothing else is touched", picture->name);
}

/* frame n is frame 0 moved up by n, where the page is. */
static void scrolls(const char *name, uint32_t left, uint32_t top)
{
	uint8_t *before = drawn(name, SEED, 0, WIDTH, HEIGHT);
	bool right = true;

	for (uint32_t n = 1; n <= 200; n += 1 + rnd() % 40) {
		uint8_t *after = drawn(name, SEED, n, WIDTH, HEIGHT);

		for (uint32_t y = top + 8; y + n < HEIGHT; y++)
			right &= !memcmp(after + (y * WIDTH + left) * 4, before + ((y + n) * WIDTH + left) * 4, (WIDTH - left) * 4);
		for (uint32_t y = 0; y < HEIGHT; y++)
			right &= !memcmp(after + y * WIDTH * 4, before + y * WIDTH * 4, (y < top ? WIDTH : left) * 4);
		free(after);
	}
	free(before);
	ok(right, "%s moves up by the frame number, and what stands beside it stands", name);
}

/* The pixels that differ lie in a rectangle. */
static void box_of(const uint8_t *one, const uint8_t *two, uint32_t *width, uint32_t *height)
{
	uint32_t left = WIDTH, right = 0, top = HEIGHT, bottom = 0;

	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			if (memcmp(one + (y * WIDTH + x) * 4, two + (y * WIDTH + x) * 4, 4)) {
				left = KG_MIN(left, x);
				right = KG_MAX(right, x + 1);
				top = KG_MIN(top, y);
				bottom = KG_MAX(bottom, y + 1);
			}
	*width = right > left ? right - left : 0;
	*height = bottom > top ? bottom - top : 0;
}

static void typing_is_small(void)
{
	uint8_t *before = drawn("typing", SEED, 0, WIDTH, HEIGHT);
	bool right = true;

	for (uint32_t n = 1; n <= 40; n++) {
		uint8_t *after = drawn("typing", SEED, n, WIDTH, HEIGHT);
		uint32_t width, height;

		box_of(before, after, &width, &height);
		right &= width >= 1 && width <= 20 && height >= 18 && height <= 22;
		free(before);
		before = after;
	}
	free(before);
	ok(right, "a letter that is typed changes a place of a letter's size");
}

static void drag_moves(void)
{
	uint8_t *before = drawn("drag", SEED, 2, WIDTH, HEIGHT), *after = drawn("drag", SEED, 3, WIDTH, HEIGHT);
	bool right = true;
	uint32_t width, height, x0 = 40 + 2 * 7 - 1, y0 = 30 + 2 * 4 - 1;

	for (uint32_t y = y0; y < y0 + HEIGHT / 2 + 2; y++)
		right &= !memcmp(after + ((y + 4) * WIDTH + x0 + 7) * 4, before + (y * WIDTH + x0) * 4, (WIDTH / 3 + 2) * 4);
	ok(right, "a window that is dragged is the same 7 pixels further right and 4 further down");
	box_of(before, after, &width, &height);
	ok(width <= WIDTH / 3 + 2 + 7 && height <= HEIGHT / 2 + 2 + 4, "and nothing else changes but what it uncovers");
	free(before);
	free(after);
}

static void refuses(void)
{
	uint8_t pixels[64 * 4];
	const struct kg_picture *text = kg_picture_find("text");

	ok(kg_picture_draw(text, SEED, 0, pixels, 0, 1, 4) == -EINVAL && kg_picture_draw(text, SEED, 0, pixels, 1, 0, 4) == -EINVAL &&
		   kg_picture_draw(text, SEED, 0, pixels, KG_PICTURE_MAX + 1, 1, (KG_PICTURE_MAX + 1) * 4) == -EINVAL &&
		   kg_picture_draw(text, SEED, 0, pixels, 8, 8, 28) == -EINVAL,
	   "a size of 0 or too large, and rows that overlap, are refused");
	ok(!kg_picture_find("nothing"), "a picture of an unknown name is not found");
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	same_everywhere();
	seeds_differ();
	for (size_t i = 0; i < kg_pictures_count; i++)
		every_size(&kg_pictures[i]);
	scrolls("text", 0, 0);
	scrolls("scroll", 229, 61);
	typing_is_small();
	drag_moves();
	refuses();
	return tap_end();
}
