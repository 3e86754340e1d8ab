/* The planar encoder against FreeRDP's decoder and a strict one written from [MS-RDPEGDI] 3.1.9.2.3. */
#include <freerdp/codec/planar.h>

#include "codec/codec.h"
#include "tests/check.h"

enum { SIDE = 200 };		// every width and height up to this
#ifdef KG_SANITIZED		// 10 to 100 times slower: the same paths with fewer sizes
enum { LARGE_WIDTH = 1024, LARGE_HEIGHT = 270, STEP = 5 };
#else
enum { LARGE_WIDTH = 4096, LARGE_HEIGHT = 2160, STEP = 1 };
#endif

static BITMAP_PLANAR_CONTEXT *decoder;
static struct kg_dsp dsp;

/* ---- content ---- */

enum content { FLAT, NOISE, TEXT, GRADIENT, RUNS, ALTERNATING, EXTREMES, SPARSE, CONTENTS };

static const char *const content_names[CONTENTS] = {
	"flat", "noise", "text", "gradient", "runs", "alternating", "extremes", "sparse",
};

static void draw_runs(uint32_t *row, uint32_t width)
{
	static const uint8_t lengths[] = { 1, 2, 3, 4, 14, 15, 16, 17, 18, 19, 30, 31, 32, 33, 46, 47, 48, 49, 50,
					   61, 62, 63, 64, 65, 66, 93, 94, 95, 96, 109, 127, 128, 129, 254, 255 };

	for (uint32_t x = 0; x < width;) {
		uint32_t colour = rnd();

		for (uint32_t n = lengths[rnd() % sizeof(lengths)]; n && x < width; n--)
			row[x++] = colour;
	}
}

/* Dark strokes with coloured rims on paper, as subpixel rendering makes them. */
static void draw_text(uint32_t *pixels, size_t stride, uint32_t width, uint32_t height)
{
	uint32_t glyphs = 64;
	uint8_t shape[64][12];

	for (uint32_t i = 0; i < glyphs; i++)
		for (int y = 0; y < 12; y++)
			shape[i][y] = y > 1 && y < 10 ? (uint8_t)(rnd() & rnd()) & 0x7e : 0;
	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < width; x++) {
			uint8_t line = shape[(x / 8 * 7 + y / 12 * 13) % glyphs][y % 12];
			bool ink = line >> x % 8 & 1, left = line >> (x + 7) % 8 & 1, right = line >> (x + 1) % 8 & 1;

			pixels[y * stride + x] = ink ? 0x202020 : left ? 0xc08040 : right ? 0x4080c0 : 0xfafafa;
		}
}

static void draw(enum content content, uint32_t *pixels, size_t stride, uint32_t width, uint32_t height)
{
	uint32_t a = rnd(), b = rnd();

	if (content == TEXT)
		return draw_text(pixels, stride, width, height);
	for (uint32_t y = 0; y < height; y++) {
		uint32_t *row = pixels + y * stride;

		if (content == RUNS) {
			if (y && rnd() % 2)
				memcpy(row, row - stride, width * sizeof(*row));
			else
				draw_runs(row, width);
			continue;
		}
		for (uint32_t x = 0; x < width; x++)
			switch (content) {
			case FLAT:
				row[x] = a;
				break;
			case GRADIENT:
				row[x] = (x + y / 2) % 256 | (x * 2 + y) % 256 << 8 | (y * 3) % 256 << 16;
				break;
			case ALTERNATING:
				row[x] = (x + y) % 2 ? a : b;
				break;
			case EXTREMES:		// differences of 127, 128, -128 and their like
				row[x] = (uint32_t[]){ 0, 0x7f7f7f, 0x808080, 0xffffff, 0x80ff7f, 0x007f80 }[rnd() % 6];
				break;
			case SPARSE:
				row[x] = rnd() % 16 ? a : rnd();
				break;
			default:
				row[x] = rnd();
			}
	}
}

/* ---- a strict decoder ---- */

/* Decodes one plane; the bytes used, or 0 when there is anything that the specification does not allow. */
static size_t strict_plane(const uint8_t *from, size_t size, uint8_t *plane, uint32_t width, uint32_t height)
{
	size_t at = 0;

	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0, value = 0; x < width;) {
			uint32_t run, count;

			if (at >= size || !from[at])
				return 0;
			run = from[at] & 15;
			count = from[at++] >> 4;
			if (run == 1 || run == 2) {
				run = 16 * run + count;
				count = 0;
			}
			if (count + run > width - x || count > size - at)
				return 0;
			for (uint32_t i = 0; i < count + run; i++, x++) {
				if (i < count)
					value = from[at++];
				if (!y)
					plane[x] = (uint8_t)value;
				else if (value & 1)
					plane[y * width + x] = (uint8_t)(plane[(y - 1) * width + x] + (255 - value / 2));
				else
					plane[y * width + x] = (uint8_t)(plane[(y - 1) * width + x] + value / 2);
			}
		}
	return at;
}

/* True when bytes are exactly one picture, equal to pixels, with the planes that flags ask for. */
static bool strict_equal(const uint8_t *bytes, size_t size, unsigned flags, const uint32_t *pixels, size_t stride,
			 uint32_t width, uint32_t height)
{
	static uint8_t plane[LARGE_WIDTH * LARGE_HEIGHT];
	bool alpha = flags & KG_PLANAR_ALPHA, rle = bytes[0] & 0x10;
	size_t at = 1;

	if (bytes[0] != ((rle ? 0x10 : 0) | (alpha ? 0 : 0x20)) || (alpha && !rle))
		return false;
	for (int shift = alpha ? 24 : 16; shift >= 0; shift -= 8) {
		size_t used = (size_t)width * height;

		if (rle)
			used = strict_plane(bytes + at, size - at, plane, width, height);
		else if (used < size - at)
			memcpy(plane, bytes + at, used);
		else
			return false;
		if (!used)
			return false;
		at += used;
		for (uint32_t y = 0; y < height; y++)
			for (uint32_t x = 0; x < width; x++) {
				uint32_t from = flags & KG_PLANAR_BOTTOM_UP ? height - 1 - y : y;
				uint32_t pixel = pixels[from * stride + x] | 0xff000000;

				if (plane[y * width + x] != (uint8_t)(pixel >> shift))
					return false;
			}
	}
	return at + !rle == size;
}

/* ---- one picture ---- */

/* Room for pictures up to a size; what is set by place() lies at the ends of the buffers, against a forbidden page. */
struct bench {
	uint8_t *pixels_end, *coded_end, *scratch_end;
	uint32_t *decoded;
	size_t room;
};

struct picture {
	uint32_t *pixels, *decoded;
	size_t stride;		// in pixels
	uint32_t width, height;
	uint8_t *coded_end;
	void *scratch;
};

static struct bench bench_of(uint32_t width, uint32_t height)
{
	size_t pixels = (size_t)(width + 1) * height * 4, room = kg_planar_bound(width, height, KG_PLANAR_ALPHA);
	size_t scratch = kg_planar_scratch(width, height);

	freerdp_bitmap_planar_context_reset(decoder, width, height);
	return (struct bench){
		.pixels_end = (uint8_t *)guarded(pixels) + pixels,
		.coded_end = (uint8_t *)guarded(room + CHECK_FRONT) + room + CHECK_FRONT,
		.scratch_end = (uint8_t *)guarded(scratch) + scratch,
		.decoded = guarded((size_t)width * height * 4),
		.room = room,
	};
}

static struct picture place(const struct bench *bench, uint32_t width, uint32_t height, size_t stride)
{
	return (struct picture){
		.pixels = (uint32_t *)bench->pixels_end - (stride * (height - 1) + width),
		.decoded = bench->decoded,
		.stride = stride,
		.width = width,
		.height = height,
		.coded_end = bench->coded_end,
		.scratch = bench->scratch_end - kg_planar_scratch(width, height),
	};
}

static const char *encode_and_compare(const struct picture *p, unsigned flags, bool strictly)
{
	const struct kg_image image = { (const uint8_t *)p->pixels, p->width, p->height, p->stride * 4 };
	size_t bound = kg_planar_bound(p->width, p->height, flags), size;
	uint8_t *to = p->coded_end - bound;

	memset(to - CHECK_FRONT, CHECK_PATTERN, CHECK_FRONT);
	size = kg_planar_encode(&dsp, &image, flags, to, bound, p->scratch);
	if (!size || size > bound)
		return "the size is out of its bound";
	if (!front_clean(to))
		return "something was written in front";
	if (!(flags & KG_PLANAR_ALPHA) && size > 2 + 3 * (size_t)p->width * p->height)
		return "it is longer than without run lengths";
	if (strictly && !strict_equal(to, size, flags, p->pixels, p->stride, p->width, p->height))
		return "the strict decoder sees another picture";
	if (!planar_decompress(decoder, to, (UINT32)size, p->width, p->height, (BYTE *)p->decoded, PIXEL_FORMAT_BGRX32,
			       p->width * 4, 0, 0, p->width, p->height, (flags & KG_PLANAR_BOTTOM_UP) != 0))
		return "FreeRDP refuses it";
	for (uint32_t y = 0; y < p->height; y++)
		for (uint32_t x = 0; x < p->width; x++)
			if ((p->decoded[y * p->width + x] ^ p->pixels[y * p->stride + x]) & 0xffffff)
				return "FreeRDP sees another picture";
	return NULL;
}

/* ---- the sentences ---- */

static bool check_one(const struct bench *bench, enum content content, uint32_t width, uint32_t height, size_t stride,
		      unsigned flags)
{
	struct picture p = place(bench, width, height, stride);
	const char *wrong;

	draw(content, p.pixels, p.stride, width, height);
	wrong = encode_and_compare(&p, flags, true);
	if (wrong)
		note("%ux%u %s, flags %u: %s", width, height, content_names[content], flags, wrong);
	return !wrong;
}

/* All sizes, each with a piece of some content; FreeRDP sees what the C functions make, and the others must make the same
 * of some of them. */
static void every_size(enum kg_cpu cpu)
{
	const uint32_t step = cpu == KG_CPU_C ? STEP : 3 * STEP;
	static uint32_t canvas[CONTENTS][SIDE * SIDE];
	static uint8_t expected[SIDE * SIDE * 5];
	struct bench bench = bench_of(SIDE, SIDE);
	const char *wrong = NULL;
	double begin = tap_now();

	for (enum content content = 0; content < CONTENTS; content++)
		draw(content, canvas[content], SIDE, SIDE, SIDE);
	for (uint32_t height = 1; !wrong && height <= SIDE; height += STEP) {
		draw(height % CONTENTS, canvas[height % CONTENTS], SIDE, SIDE, SIDE);
		for (uint32_t width = 1; !wrong && width <= SIDE; width += 1 + rnd() % step) {
			enum content content = rnd() % CONTENTS;
			const uint32_t *from = canvas[content] + rnd() % (SIDE - height + 1) * SIDE + rnd() % (SIDE - width + 1);
			struct picture p = place(&bench, width, height, width + rnd() % 2);
			size_t bound = kg_planar_bound(width, height, KG_PLANAR_ALPHA), size;
			unsigned flags = rnd() % 4;

			for (uint32_t y = 0; y < height; y++)
				memcpy(p.pixels + y * p.stride, from + y * SIDE, width * 4);
			if (cpu == KG_CPU_C) {
				kg_dsp_init(&dsp, KG_CPU_C);
				wrong = encode_and_compare(&p, flags, (width + height) % 8 == 0);
			} else {
				const struct kg_image image = { (const uint8_t *)p.pixels, width, height, p.stride * 4 };

				kg_dsp_init(&dsp, KG_CPU_C);
				size = kg_planar_encode(&dsp, &image, flags, expected, bound, p.scratch);
				kg_dsp_init(&dsp, cpu);
				if (kg_planar_encode(&dsp, &image, flags, p.coded_end - bound, bound, p.scratch) != size ||
				    memcmp(p.coded_end - bound, expected, size))
					wrong = "other bytes than with the C functions";
			}
			if (wrong)
				note("%ux%u %s, flags %u: %s", width, height, content_names[content], flags, wrong);
		}
	}
	ok(!wrong, "%s: %s sizes from 1x1 to %dx%d are right", kg_cpu_name(cpu), step == 1 ? "all" : "random", SIDE, SIDE);
	note("%.1f s", tap_now() - begin);
}

static void every_content(enum kg_cpu cpu)
{
	static const uint32_t sides[] = { 1, 2, 3, 4, 15, 16, 17, 31, 32, 33, 47, 48, 63, 64, 65, 127, 128, 129, 200 };
	enum { N = sizeof(sides) / sizeof(*sides) };
	struct bench bench = bench_of(SIDE, SIDE);

	kg_dsp_init(&dsp, cpu);
	for (enum content content = 0; content < CONTENTS; content++) {
		bool right = true;

		for (uint32_t i = 0; right && i < N * N * 4; i += 1 + rnd() % STEP)
			right = check_one(&bench, content, sides[i % N], sides[i / N % N], sides[i % N] + i % 2, i / (N * N));
		ok(right, "%s: %s comes back exactly with and without alpha, in both orders", kg_cpu_name(cpu),
		   content_names[content]);
	}
}

static void large(enum kg_cpu cpu)
{
	struct bench bench = bench_of(LARGE_WIDTH, LARGE_HEIGHT);

	kg_dsp_init(&dsp, cpu);
	ok(check_one(&bench, TEXT, LARGE_WIDTH, LARGE_HEIGHT, LARGE_WIDTH, 0), "%s: %dx%d of text comes back exactly",
	   kg_cpu_name(cpu), LARGE_WIDTH, LARGE_HEIGHT);
	ok(check_one(&bench, NOISE, LARGE_WIDTH, LARGE_HEIGHT, LARGE_WIDTH, KG_PLANAR_ALPHA | KG_PLANAR_BOTTOM_UP),
	   "%s: %dx%d of noise comes back exactly", kg_cpu_name(cpu), LARGE_WIDTH, LARGE_HEIGHT);
}

/* Every length of a run, after every number of values, at every place: what the segments' limits are about. */
static void every_run(enum kg_cpu cpu)
{
	enum { WIDTH = 300 };
	struct bench bench = bench_of(WIDTH, 2);
	struct picture p = place(&bench, WIDTH, 2, WIDTH);
	const char *wrong = NULL;

	kg_dsp_init(&dsp, cpu);
	for (uint32_t run = 1; !wrong && run < WIDTH; run += 1 + rnd() % STEP)
		for (uint32_t before = 0; !wrong && before < 35 && before + run <= WIDTH; before++) {
			for (uint32_t x = 0; x < 2 * WIDTH; x++)
				p.pixels[x] = x % WIDTH < before || x % WIDTH >= before + run ? x * 0x10301 : 0x445566;
			wrong = encode_and_compare(&p, (run ^ before) & 3, true);
			if (wrong)
				note("run of %u after %u values: %s", run, before, wrong);
		}
	ok(!wrong, "%s: runs of 1 to 299 after 0 to 34 values come back exactly", kg_cpu_name(cpu));
}

/* The example of [MS-RDPEGDI] 3.1.9.2.1 and that of 3.1.9.2.2. */
static void examples(void)
{
	static const uint8_t rows[18] = { 255, 255, 255, 255, 254, 253, 254, 192, 132, 96, 75, 25, 253, 140, 62, 14, 135, 193 };
	static const uint8_t plane[] = { 0x13, 0xff, 0x20, 0xfe, 0xfd, 0x60, 0x01, 0x7d, 0xf5, 0xc2, 0x9a, 0x38, 0x60, 0x01,
					 0x67, 0x8b, 0xa3, 0x78, 0xaf };
	uint32_t pixels[100];
	uint8_t to[4096];
	uint64_t scratch[256];
	struct kg_image image = { (const uint8_t *)pixels, 6, 3, 24 };
	size_t size;

	for (int i = 0; i < 18; i++)
		pixels[i] = rows[i] * 0x10101u;
	size = kg_planar_encode(&dsp, &image, KG_PLANAR_ALPHA, to, sizeof(to), scratch);
	ok(size > sizeof(plane) && !memcmp(to + size - sizeof(plane), plane, sizeof(plane)),
	   "the specification's example is coded as it says");

	for (int i = 0; i < 100; i++)
		pixels[i] = 0x414141;
	image = (struct kg_image){ (const uint8_t *)pixels, 100, 1, 400 };
	size = kg_planar_encode(&dsp, &image, 0, to, sizeof(to), scratch);
	ok(size == 13 && !memcmp(to, "\x30\x1f\x41\xf2\x52\x1f\x41\xf2\x52\x1f\x41\xf2\x52", 13),
	   "its run of 100 is coded as it says");
}

static void bounds(void)
{
	uint32_t pixels[64] = { 0 };
	struct kg_image image = { (const uint8_t *)pixels, 8, 8, 32 };
	size_t bound = kg_planar_bound(8, 8, 0);
	uint8_t to[1024];
	uint64_t scratch[256];
	bool refused = true;

	for (size_t size = 0; size < bound; size++)
		refused &= !kg_planar_encode(&dsp, &image, 0, to, size, scratch);
	ok(refused && kg_planar_encode(&dsp, &image, 0, to, bound, scratch), "a buffer smaller than the bound is refused");
	ok(!kg_planar_bound(0, 1, 0) && !kg_planar_bound(1, 0, 0) && !kg_planar_bound(8193, 1, 0) &&
		   !kg_planar_bound(1, 8193, 0) && !kg_planar_bound(UINT32_MAX, UINT32_MAX, 0) && kg_planar_bound(8192, 8192, 0),
	   "the bound of an illegal size is 0");
	image.width = 0;
	refused = !kg_planar_encode(&dsp, &image, 0, to, sizeof(to), scratch);
	image.width = 8193;
	ok(refused && !kg_planar_encode(&dsp, &image, 0, to, sizeof(to), scratch), "an illegal size is refused");
	ok(kg_planar_bound(64, 64, 0) < 14000, "the bound of a tile is %zu", kg_planar_bound(64, 64, 0));
}

/* ---- against FreeRDP's encoder ---- */

static void compare_encoders(enum kg_cpu cpu)
{
	enum { TILE = 64, ROOM = 1 << 16 };
	struct bench bench = bench_of(TILE, TILE);
	struct picture p = place(&bench, TILE, TILE, TILE);
	struct kg_image image = { (const uint8_t *)p.pixels, TILE, TILE, TILE * 4 };
	BITMAP_PLANAR_CONTEXT *context = freerdp_bitmap_planar_context_new(PLANAR_FORMAT_HEADER_NA | PLANAR_FORMAT_HEADER_RLE,
									    TILE, TILE);
	size_t bound = kg_planar_bound(TILE, TILE, 0);
	uint8_t *theirs = malloc(ROOM);

	kg_dsp_init(&dsp, cpu);
	freerdp_planar_topdown_image(context, TRUE);	// the order of rows changes what can be saved
	for (enum content content = 0; content < CONTENTS; content++) {
		uint8_t *to = p.coded_end - bound;
		UINT32 size = ROOM;
		double ours_ns, theirs_ns;

		draw(content, p.pixels, TILE, TILE, TILE);
		if (!freerdp_bitmap_compress_planar(context, image.pixels, PIXEL_FORMAT_BGRX32, TILE, TILE, TILE * 4, theirs,
						    &size))
			size = 0;
		/* FreeRDP 3.15 takes differences below 0 for others: what it makes of such rows is short, and another picture. */
		if (size && !strict_equal(theirs, size, 0, p.pixels, TILE, TILE, TILE))
			skip("%s: %s: not longer than FreeRDP's: that is of another picture", kg_cpu_name(cpu),
			     content_names[content]);
		else
			ok(kg_planar_encode(&dsp, &image, 0, to, bound, p.scratch) <= size, "%s: %s: not longer than FreeRDP's",
			   kg_cpu_name(cpu), content_names[content]);
		if (!check_bench)
			continue;
		ours_ns = TIME(kg_planar_encode(&dsp, &image, 0, to, bound, p.scratch));
		theirs_ns = TIME(({
			size = ROOM;
			freerdp_bitmap_compress_planar(context, image.pixels, PIXEL_FORMAT_BGRX32, TILE, TILE, TILE * 4, theirs,
						       &size);
		}));
		note("planar %s %-11s 64x64: %6.0f ns, %5zu bytes; FreeRDP %6.0f ns, %5u bytes: %.1f times as fast",
		     kg_cpu_name(cpu), content_names[content], ours_ns,
		     kg_planar_encode(&dsp, &image, 0, to, bound, p.scratch), theirs_ns, size,
		     theirs_ns / ours_ns);
	}
	free(theirs);
	freerdp_bitmap_planar_context_free(context);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	decoder = freerdp_bitmap_planar_context_new(0, SIDE, SIDE);
	kg_dsp_init(&dsp, KG_CPU_C);
	examples();
	bounds();
	for (enum kg_cpu cpu = KG_CPU_C; cpu <= kg_cpu_best(); cpu++) {
		every_size(cpu);
		every_content(cpu);
		every_run(cpu);
		large(cpu);
		compare_encoders(cpu);
	}
	freerdp_bitmap_planar_context_free(decoder);
	return tap_end();
}
