/*
 * The ClearCodec encoder against FreeRDP's decoder and a strict one, bit by bit, with the state of both kept over thousands
 * of rectangles. CLEAR_RECTANGLES in the environment sets their number.
 */
#include <freerdp/codec/clear.h>
#include <freerdp/codec/color.h>

#include "codec/codec.h"
#include "tests/check.h"
#include "tests/clear-strict.h"

enum { SIDE = 512 };		// of the picture that most rectangles are of
#ifdef KG_SANITIZED
enum { RECTANGLES = 300, STEP = 7 };
#else
enum { RECTANGLES = 1500, STEP = 1 };
#endif

static struct kg_dsp dsp;

/* ---- a client ---- */

struct client {
	struct kg_clear *clear;
	CLEAR_CONTEXT *freerdp;
	struct clear_strict *strict;
	uint32_t *theirs, *strictly;	// what the decoders have drawn: room for KG_CLEAR_AREA_MAX pixels
	uint8_t *to;			// ends at a forbidden page
	uint8_t *scratch_end;
	size_t to_size, scratch_size;
};

static const uint8_t key[16] = "a test's own key";

static void client_init(struct client *c, size_t area)
{
	c->clear = malloc(sizeof(*c->clear));
	kg_clear_init(c->clear, key);
	c->freerdp = clear_context_new(FALSE);
	c->strict = clear_strict_new();
	c->theirs = malloc(area * 4);
	c->strictly = malloc(area * 4);
	c->to_size = 3 * area + 64;
	c->to = (uint8_t *)guarded(c->to_size) + c->to_size;
	c->scratch_size = 20 * area + (1 << 20);
	c->scratch_end = (uint8_t *)guarded(c->scratch_size) + c->scratch_size;
}

static void client_done(struct client *c)
{
	free(c->clear);
	clear_context_free(c->freerdp);
	clear_strict_free(c->strict);
	free(c->theirs);
	free(c->strictly);
}

static bool same(const struct kg_image *image, const uint32_t *pixels)
{
	for (uint32_t y = 0; y < image->height; y++)
		for (uint32_t x = 0; x < image->width; x++) {
			uint32_t pixel;

			memcpy(&pixel, image->pixels + y * image->stride + x * 4, 4);
			if ((pixel ^ pixels[y * image->width + x]) & 0xffffff)
				return false;
		}
	return true;
}

/* Encodes and decodes; NULL or what is wrong. *ret: the message's size. */
static const char *send(struct client *c, const struct kg_image *image, size_t *ret)
{
	size_t bound = kg_clear_bound(image->width, image->height), scratch = kg_clear_scratch(image->width, image->height);
	uint8_t *to = c->to - bound;
	struct kg_clear_plan *plan;
	const char *wrong;
	size_t size;

	if (!bound || !scratch || bound > c->to_size || scratch > c->scratch_size)
		return "the test has no room for it";
	plan = kg_clear_analyse(&dsp, c->clear, image, c->scratch_end - scratch);
	if (!plan)
		return "no plan";
	size = kg_clear_encode(&dsp, c->clear, plan, 0, to, bound);
	if (!size || size > bound)
		return "no message";
	wrong = clear_strict_decode(c->strict, to, size, image->width, image->height, c->strictly, image->width);
	if (wrong)
		return wrong;
	if (!same(image, c->strictly))
		return "other pixels";
	memset(c->theirs, 0x5a, (size_t)image->width * image->height * 4);
	if (clear_decompress(c->freerdp, to, (UINT32)size, image->width, image->height, (BYTE *)c->theirs, PIXEL_FORMAT_BGRX32,
			     image->width * 4, 0, 0, image->width, image->height, NULL))
		return "FreeRDP refuses it";
	if (!same(image, c->theirs))
		return "FreeRDP sees other pixels";
	if (ret)
		*ret = size;
	return NULL;
}

/* ---- pictures ---- */

enum content { FLAT, NOISE, TEXT, TABLE, STRIPES, COLUMNS, CHECKER, GRADIENT, DOTS, ICONS, MANY_COLOURS, CONTENTS };

static const char *const content_names[CONTENTS] = {
	"flat", "noise", "text", "table", "stripes", "columns", "checker", "gradient", "dots", "icons", "many colours",
};

/* Letters from a font of random strokes with grey rims, on lines. */
static void draw_text(uint32_t *pixels, uint32_t width, uint32_t height, uint32_t ink, uint32_t paper)
{
	uint32_t leading = 12 + rnd() % 12, font = rnd() % 4;

	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < width; x++)
			pixels[y * width + x] = paper;
	for (uint32_t line = 0; line + leading <= height; line += leading)
		for (uint32_t x = rnd() % 8; x + 9 < width; x += 9) {
			uint32_t letter = (font * 97 + rnd() % 40) * 0x9e3779b1u;

			if (rnd() % 6 == 0)
				continue;
			for (uint32_t y = 1; y < 11; y++)
				for (uint32_t i = 0; i < 8; i++) {
					uint32_t bits = letter >> (y * 5 + i * 3) % 28 & 3;

					if (bits == 3)
						pixels[(line + y) * width + x + i] = ink;
					else if (bits == 1)
						pixels[(line + y) * width + x + i] =
							(ink & 0xfefefe) / 2 + (paper & 0xfefefe) / 2 + y * 0x010101;
				}
		}
}

static void draw_icons(uint32_t *pixels, uint32_t width, uint32_t height, uint32_t colours)
{
	for (uint32_t i = 0; i < width * height / 600 + 1; i++) {
		uint32_t w = 1 + rnd() % 60, h = 1 + rnd() % 60, x0 = rnd() % width, y0 = rnd() % height, kind = rnd() % 3;

		for (uint32_t y = y0; y < height && y < y0 + h; y++)
			for (uint32_t x = x0; x < width && x < x0 + w; x++)
				pixels[y * width + x] = kind ? (x * kind + y) / 3 % colours * 0x070b0d : rnd() % colours * 0x030507;
	}
}

static void draw(enum content content, uint32_t *pixels, uint32_t width, uint32_t height)
{
	uint32_t a = rnd(), b = rnd(), period = 1 + rnd() % 20;

	if (content == TEXT || content == TABLE)
		draw_text(pixels, width, height, content == TEXT ? 0 : a, content == TEXT ? 0xffffff : b);
	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < width; x++) {
			uint32_t *pixel = &pixels[y * width + x];

			switch (content) {
			case TEXT:
				break;
			case TABLE:
				if (y % 24 == 0 || x % 90 == 0)
					*pixel = 0x808080;
				break;
			case STRIPES:
				*pixel = y / period % 2 ? a : b;
				break;
			case COLUMNS:
				*pixel = x / period % 2 ? a : b;
				break;
			case CHECKER:
				*pixel = (x / period + y / period) % 2 ? a : b;
				break;
			case GRADIENT:
				*pixel = (x + y / 2) % 256 | (x * 2 + y) % 256 << 8 | y * 3 % 256 << 16;
				break;
			case DOTS:
				*pixel = rnd() % 50 ? a : b;
				break;
			case MANY_COLOURS:	// about as many as a palette holds
				*pixel = rnd() % (120 + period) * 0x020508;
				break;
			case NOISE:
				*pixel = rnd();
				break;
			default:
				*pixel = a;
			}
		}
	if (content == ICONS)
		draw_icons(pixels, width, height, 2 + rnd() % 130);
}

/* ---- tests ---- */

/* Rectangles of all kinds of pictures, as a desktop sends them. Some of the pictures come again. */
static void sequence(enum kg_cpu cpu, uint32_t count)
{
	enum { PICTURES = 16, ROOM = SIDE * SIDE };
	uint32_t *pictures[PICTURES], done = 0;
	const struct clear_strict_counts *n;
	struct kg_image glyph = { NULL, 0, 0, 0 };
	const char *wrong = NULL;
	struct client c;

	kg_dsp_init(&dsp, cpu);
	client_init(&c, ROOM);
	for (int i = 0; i < PICTURES; i++) {
		pictures[i] = malloc(ROOM * 4);
		draw((enum content)(i % CONTENTS), pictures[i], SIDE, SIDE);
	}
	for (; done < count && !wrong; done++) {
		uint32_t small = rnd() % 3 ? 64 : SIDE, which = rnd() % PICTURES;
		uint32_t width = 1 + rnd() % small, height = 1 + rnd() % small;
		uint32_t x = rnd() % (SIDE - width + 1), y = rnd() % (SIDE - height + 1);
		struct kg_image image = { (uint8_t *)(pictures[which] + y * SIDE + x), width, height, SIDE * 4 };

		if (rnd() % 40 == 0)
			draw((enum content)(rnd() % CONTENTS), pictures[which], SIDE, SIDE);
		if (done == count / 2 || rnd() % 500 == 0)
			kg_clear_reset(c.clear);
		if (rnd() % 20 == 0 && glyph.pixels)
			image = glyph;		// once more, if the picture is still the same
		else if (width * height <= KG_CLEAR_GLYPH_AREA_MAX)
			glyph = image;
		wrong = send(&c, &image, NULL);
		if (wrong)
			note("%ux%u at %u, %u of picture %u, number %u: %s", image.width, image.height, x, y, which, done, wrong);
	}
	n = clear_strict_counts(c.strict);
	ok(!wrong, "%s: %u rectangles with the caches kept are right", kg_cpu_name(cpu), count);
	note("%llu runs, %llu bands, %llu V-bar hits, %llu short hits, %llu misses, %llu RLEX, %llu raw, %llu glyphs, %llu hits",
	     (unsigned long long)n->residual_runs, (unsigned long long)n->bands, (unsigned long long)n->bar_hits,
	     (unsigned long long)n->short_hits, (unsigned long long)n->misses, (unsigned long long)n->rlex,
	     (unsigned long long)n->raw, (unsigned long long)n->glyphs, (unsigned long long)n->glyph_hits);
	ok(n->residual_runs && n->bar_hits && n->short_hits && n->misses && n->rlex && n->raw && n->glyph_hits && n->resets,
	   "%s: every way of coding was among them", kg_cpu_name(cpu));
	for (int i = 0; i < PICTURES; i++)
		free(pictures[i]);
	client_done(&c);
}

static void every_content(enum kg_cpu cpu)
{
	static const uint32_t sides[] = { 1, 2, 3, 15, 16, 17, 31, 33, 51, 52, 53, 63, 64, 65, 104, 105, 128, 200 };
	enum { N = sizeof(sides) / sizeof(*sides) };
	uint32_t *pixels = malloc(200 * 200 * 4);

	kg_dsp_init(&dsp, cpu);
	for (enum content content = 0; content < CONTENTS; content++) {
		const char *wrong = NULL;
		struct client c;

		client_init(&c, 200 * 200);
		for (uint32_t i = 0; i < N * N && !wrong; i += 1 + rnd() % STEP) {
			struct kg_image image = { (uint8_t *)pixels, sides[i % N], sides[i / N], sides[i % N] * 4 };

			draw(content, pixels, image.width, image.height);
			wrong = send(&c, &image, NULL);
			if (wrong)
				note("%ux%u: %s", image.width, image.height, wrong);
		}
		ok(!wrong, "%s: %s comes back exactly at every size", kg_cpu_name(cpu), content_names[content]);
		client_done(&c);
	}
	free(pixels);
}

/* Strips, and the largest rectangles that are allowed. */
static void large(enum kg_cpu cpu)
{
	static const uint32_t sizes[][2] = { { 8192, 1 }, { 8192, 42 }, { 4096, 64 }, { 4096, 7 }, { 1, 8192 }, { 42, 8192 },
					     { 1920, 180 } };
	uint32_t *pixels = malloc(KG_CLEAR_AREA_MAX * 4);
	struct client c;

	kg_dsp_init(&dsp, cpu);
	client_init(&c, KG_CLEAR_AREA_MAX);
	for (size_t i = 0; i < KG_ARRAY_SIZE(sizes); i += 1 + rnd() % STEP) {
		struct kg_image image = { (uint8_t *)pixels, sizes[i][0], sizes[i][1], sizes[i][0] * 4 };
		const char *wrong = NULL;

		for (enum content content = 0; content < CONTENTS && !wrong; content++) {
			draw(content, pixels, image.width, image.height);
			wrong = send(&c, &image, NULL);
			if (wrong)
				note("%s: %s", content_names[content], wrong);
		}
		ok(!wrong, "%s: %ux%u of everything comes back exactly", kg_cpu_name(cpu), image.width, image.height);
	}
	client_done(&c);
	free(pixels);
}

/* Text of ever new fonts, until both cursors have gone round. */
static void wrap(enum kg_cpu cpu)
{
	enum { WIDTH = 640, HEIGHT = 200, LINE = 17 };
	uint32_t *pixels = malloc(WIDTH * HEIGHT * 4);
	const struct clear_strict_counts *n;
	const char *wrong = NULL;
	struct client c;

	kg_dsp_init(&dsp, cpu);
	client_init(&c, WIDTH * HEIGHT);
	n = clear_strict_counts(c.strict);
	for (uint32_t round = 0; n->misses + n->short_hits < 80000 / STEP && !wrong; round++) {
		struct kg_image image = { (uint8_t *)pixels, WIDTH, HEIGHT, WIDTH * 4 };

		/* Tall thin strokes: each column is one of a few thousand, old ones come back now and then. */
		memset(pixels, 0xff, WIDTH * HEIGHT * 4);
		for (uint32_t line = 0; line + LINE < HEIGHT; line += LINE + 3)
			for (uint32_t x = 0; x < WIDTH; x++) {
				uint32_t shape = rnd() % 3 ? x : x + round * 131 + line;
				uint32_t bits = (shape * 2654435761u >> 7) ^ (rnd() % 4 ? 0 : rnd());

				for (uint32_t y = 0; y < LINE; y++)
					if (bits >> y & 1 && (y == LINE / 2 || bits >> 20 & 1))
						pixels[(line + y + (shape >> 3) % 3) * WIDTH + x] = 0xff000000 | bits % 7 * 0x1a1a1a;
			}
		wrong = send(&c, &image, NULL);
	}
	if (wrong)
		note("%s", wrong);
	ok(!wrong, "%s: cursors that go round stay right (%llu V-bars, %llu short ones stored)", kg_cpu_name(cpu),
	   (unsigned long long)(n->misses + n->short_hits), (unsigned long long)n->misses);
	free(pixels);
	client_done(&c);
}

static void limits(void)
{
	uint32_t pixels[64 * 64];
	struct kg_image image = { (uint8_t *)pixels, 64, 64, 256 };
	struct kg_clear *before = malloc(sizeof(*before));
	size_t bound = kg_clear_bound(64, 64), size;
	struct kg_clear_plan *plan;
	uint8_t to[16384];
	void *scratch;
	struct client c;

	client_init(&c, 64 * 64);
	scratch = c.scratch_end - kg_clear_scratch(64, 64);
	draw(ICONS, pixels, 64, 64);
	plan = kg_clear_analyse(&dsp, c.clear, &image, scratch);
	ok(!kg_clear_encode(&dsp, c.clear, plan, 0, to, bound - 1) && !c.clear->sequence, "less room than the bound is refused");
	*before = *c.clear;
	memcpy(before->seen, c.clear->seen, sizeof(before->seen));
	size = kg_clear_encode(&dsp, c.clear, plan, 60, to, bound);
	memcpy(before->seen, c.clear->seen, sizeof(before->seen));
	ok(!size && !memcmp(before, c.clear, sizeof(*before)), "a message longer than the limit is not made, and changes nothing");
	ok(kg_clear_encode(&dsp, c.clear, plan, bound, to, bound) > 60,
	   "the same plan is encoded when the limit allows it");
	ok(!kg_clear_bound(0, 1) && !kg_clear_bound(1, 0) && !kg_clear_bound(8193, 1) && !kg_clear_bound(1, 8193) &&
		   !kg_clear_bound(UINT32_MAX, UINT32_MAX) && !kg_clear_bound(1920, 181) && kg_clear_bound(8192, 42) &&
		   !kg_clear_scratch(0, 1) && !kg_clear_scratch(8192, 43) && kg_clear_scratch(1, 1),
	   "sizes that are not legal have no bound and no scratch memory");
	image.height = 8192;
	ok(!kg_clear_analyse(&dsp, c.clear, &image, scratch), "and no plan");
	ok(kg_clear_bound(1920, 180) <= 1 << 20, "the largest message is a slice");
	free(before);
	client_done(&c);
}

int main(int argc, char **argv)
{
	const char *count = getenv("CLEAR_RECTANGLES");

	check_init(argc, argv);
	kg_dsp_init(&dsp, KG_CPU_C);
	limits();
	for (enum kg_cpu cpu = KG_CPU_C; cpu <= kg_cpu_best(); cpu++) {
		sequence(cpu, count ? (uint32_t)strtoul(count, NULL, 0) : RECTANGLES);
		every_content(cpu);
		large(cpu);
		wrap(cpu);
	}
	return tap_end();
}
