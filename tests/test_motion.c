/* Scrolls and moves are found, nothing else is, and what is found makes the mirror right. */
#include "codec/codec.h"
#include "tests/check.h"
#include "tests/scenes.h"

enum { WIDTH = 1000, HEIGHT = 700, COLUMNS = (WIDTH + 63) / 64, ROWS = (HEIGHT + 63) / 64 };

static struct kg_dsp dsp;
static struct scene before, after, document;
static uint8_t known[COLUMNS * ROWS];
static struct kg_copy copies[KG_MOTION_COPIES];
static uint32_t copy_count;
static bool exact;			// the caller has compared
static uint32_t wrong_before, wrong;	// pixels of the mirror, without and with the copies

static const struct kg_rect all = { 0, 0, WIDTH, HEIGHT };

static void apply(struct scene *scene, const struct kg_copy *copy)
{
	struct scene was = scene_new(scene->width, scene->height);

	scene_copy(&was, scene);
	scene_blit(scene, kg_copy_to(copy), &was, copy->from.left, copy->from.top);
	scene_free(&was);
}

/* Exact damage of the mirror, tile by tile: its rectangles are tight, and it makes the mirror what is to be shown. */
static bool update(struct scene *mirror)
{
	struct scene was = scene_new(WIDTH, HEIGHT);
	struct kg_image image = scene_image(&after);
	bool right = true;

	scene_copy(&was, mirror);
	for (uint32_t top = 0; top < HEIGHT; top += 64) {
		for (uint32_t left = 0; left < WIDTH; left += 64) {
			struct kg_image tile = { image.pixels + top * image.stride + left * 4, KG_MIN(WIDTH - left, 64u),
						 KG_MIN(HEIGHT - top, 64u), image.stride };
			struct kg_damage damage;
			uint64_t rows = 0, columns = 0;
			struct kg_rect rect;

			kg_damage_update(&dsp, &tile, (uint8_t *)(mirror->pixels + top * WIDTH + left), WIDTH * 4, &damage);
			for (uint32_t y = 0; y < tile.height; y++) {
				for (uint32_t x = 0; x < tile.width; x++) {
					size_t at = (top + y) * WIDTH + left + x;
					uint64_t differs = ((was.pixels[at] ^ after.pixels[at]) & 0xffffff) != 0;

					rows |= differs << y;
					columns |= differs << x;
				}
			}
			rect = kg_damage_rect(damage);
			right &= rows == damage.rows && columns == damage.columns &&
				 (!rows || (rows >> rect.top & 1 && columns >> (rect.right - 1) & 1));
		}
	}
	right &= !scene_differing(mirror, &after);
	scene_free(&was);
	return right;
}

/* From before to after: copies, and what they do. Returns true when all of them lie on the screen. */
static bool find(void)
{
	size_t size = kg_motion_scratch(WIDTH, HEIGHT);
	uint64_t *scratch = guarded((size + 7) / 8 * 8);
	struct kg_image mirror = scene_image(&before), image = scene_image(&after);
	struct kg_damage damage[COLUMNS * ROWS];
	struct kg_motion motion = { &dsp, image, mirror.pixels, mirror.stride, damage, known };
	bool right = true;

	for (uint32_t i = 0; i < COLUMNS * ROWS; i++) {
		uint32_t left = i % COLUMNS * 64, top = i / COLUMNS * 64;
		struct kg_image tile = { image.pixels + top * image.stride + left * 4, KG_MIN(WIDTH - left, 64u),
					 KG_MIN(HEIGHT - top, 64u), image.stride };

		kg_damage_compare(&dsp, &tile, mirror.pixels + top * mirror.stride + left * 4, mirror.stride, &damage[i]);
		if (!exact)	// as when nobody has compared
			damage[i] = (struct kg_damage){ ~0ull, ~0ull };
	}
	wrong_before = wrong = scene_differing(&before, &after);
	copy_count = kg_motion_find(&motion, scratch, copies);
	right &= front_clean(scratch) && copy_count <= KG_MOTION_COPIES;
	munmap((void *)((uintptr_t)scratch & ~4095ul), (size + 4095) / 4096 * 4096);
	if (copy_count) {
		struct scene mirror_now = scene_new(WIDTH, HEIGHT);

		scene_copy(&mirror_now, &before);
		for (uint32_t i = 0; i < copy_count; i++) {
			struct kg_rect from = copies[i].from, to = kg_copy_to(&copies[i]);

			right &= !kg_rect_empty(from) && from.left >= 0 && from.top >= 0 && from.right <= WIDTH &&
				 from.bottom <= HEIGHT && to.left >= 0 && to.top >= 0 && to.right <= WIDTH &&
				 to.bottom <= HEIGHT;
			apply(&mirror_now, &copies[i]);
		}
		wrong = scene_differing(&mirror_now, &after);
		right &= update(&mirror_now);
		scene_free(&mirror_now);
	}
	return right;
}

static void tell(const char *what)
{
	note("%s: %u wrong, %u with %u copies", what, wrong_before, wrong, copy_count);
	for (uint32_t i = 0; i < copy_count; i++)
		note("  %d,%d-%d,%d by %d,%d", copies[i].from.left, copies[i].from.top, copies[i].from.right,
		     copies[i].from.bottom, copies[i].dx, copies[i].dy);
}

/* ---- nothing moves ---- */

static void check_still(void)
{
	scene_text(&before, all, 1);
	scene_copy(&after, &before);
	find();
	ok(!copy_count, "a page that stands still gives no copy");
	scene_letters(&after, 300, 200, 8, 99, 0x00ff0000);
	find();
	ok(!copy_count, "a word that is typed gives no copy");
	scene_text(&after, all, 2);
	find();
	ok(!copy_count || wrong + KG_MOTION_GAIN <= wrong_before, "another page gives no copy, or one that pays");
	scene_noise(&before, all, 3);
	scene_noise(&after, all, 4);
	find();
	ok(!copy_count, "noise gives no copy");
	scene_photo(&before, all, 5);
	scene_photo(&after, all, 6);
	find();
	ok(!copy_count, "another photograph gives no copy");
	scene_fill(&before, all, 0x00123456);
	scene_fill(&after, all, 0x00654321);
	find();
	ok(!copy_count, "another colour gives no copy");
	scene_fill(&after, (struct kg_rect){ 100, 100, 600, 500 }, 0x00123456);
	scene_fill(&before, (struct kg_rect){ 200, 150, 700, 550 }, 0x00654321);
	find();
	ok(!copy_count || wrong < wrong_before, "rectangles of one colour give no copy, or one that pays");
}

/* ---- scrolls ---- */

/* The pixels of region, or of its uncovered strip only, may stay wrong. */
static bool scrolled(struct kg_rect region, int32_t dx, int32_t dy, uint32_t more)
{
	uint32_t width = kg_rect_width(region), height = kg_rect_height(region);
	uint32_t uncovered = width * height - (width - (uint32_t)abs(dx)) * (height - (uint32_t)abs(dy));

	return find() && copy_count && wrong <= uncovered + more;
}

static void check_vertical(int32_t step)
{
	bool right = true;

	for (int32_t n = 1; n <= 200; n += step) {
		int32_t by = n % 2 ? n : -n;

		scene_blit(&before, all, &document, 0, 300);
		scene_blit(&after, all, &document, 0, 300 + by);
		if (!scrolled(all, 0, -by, 0)) {
			right = false;
			tell("scroll");
			note("by %d", by);
		}
	}
	ok(right, "a page that scrolls by 1 to 200 rows is found, but for the uncovered strip");
}

static void check_frame(void)
{
	bool right = true;

	for (int n = 0; n < 40; n++) {
		struct kg_rect page = { (int32_t)(rnd() % 300), (int32_t)(rnd() % 200), WIDTH - (int32_t)(rnd() % 300),
					HEIGHT - (int32_t)(rnd() % 200) };
		int32_t by = (int32_t)(1 + rnd() % 200) * (rnd() % 2 ? 1 : -1);
		struct kg_rect caret = { page.left + 50, page.top + 210, page.left + 52, page.top + 226 };

		scene_photo(&before, all, (uint64_t)n);
		scene_copy(&after, &before);
		scene_blit(&before, page, &document, 0, 300);
		scene_blit(&after, page, &document, 0, 300 + by);
		scene_fill(&after, caret, 0);
		if (!scrolled(page, 0, -by, 64 * 24)) {
			right = false;
			tell("framed");
			note("%d,%d-%d,%d by %d", page.left, page.top, page.right, page.bottom, by);
		}
	}
	ok(right, "so is any part of the screen beside a fixed header and sidebar, with a caret in it");
}

/* Of a change this large some rows are looked at only, but where a copy begins and ends all are: of noise every row counts. */
static void check_edges(void)
{
	struct scene noise = scene_new(WIDTH, HEIGHT + 200);
	bool right = true;

	scene_noise(&noise, (struct kg_rect){ 0, 0, WIDTH, HEIGHT + 200 }, 1);
	for (int n = 0; n < 16; n++) {
		int32_t by = (int32_t)(20 + rnd() % 80) * (n % 2 ? 1 : -1);
		struct kg_rect page = { 0, 17 + n % 4, WIDTH, HEIGHT - 23 - n / 4 };

		scene_photo(&before, all, (uint64_t)n);
		scene_copy(&after, &before);
		scene_blit(&before, page, &noise, 0, 100);
		scene_blit(&after, page, &noise, 0, 100 + by);
		if (!scrolled(page, 0, -by, 0)) {
			right = false;
			tell("edges");
			note("%d to %d by %d", page.top, page.bottom, by);
		}
	}
	scene_free(&noise);
	ok(right, "its copy begins and ends at the very row where the page does");
}

/* A list of few words beside the page, that ends anywhere within a tile, is left alone though its rows are mostly empty. */
static void check_list(void)
{
	struct scene noise = scene_new(WIDTH, HEIGHT + 200);
	bool right = true;

	scene_noise(&noise, (struct kg_rect){ 0, 0, WIDTH, HEIGHT + 200 }, 1);	// every pixel is wrong that is not copied

	for (int n = 0; n < 32; n++) {
		int32_t wide = 150 + (int32_t)(rnd() % 128), by = (int32_t)(20 + rnd() % 80) * (n % 2 ? 1 : -1);
		struct kg_rect list = { n % 4 < 2 ? 0 : WIDTH - wide, 0, n % 4 < 2 ? wide : WIDTH, HEIGHT };
		struct kg_rect page = { n % 4 < 2 ? wide : 0, 0, n % 4 < 2 ? WIDTH : WIDTH - wide, HEIGHT };

		scene_fill(&before, list, 0x00f0f0f0);
		for (int32_t y = 10; y < HEIGHT - 20; y += 40)
			scene_letters(&before, list.left + 4, y, (unsigned)wide / 8 - 1, (uint64_t)y, 0x00203040);
		scene_copy(&after, &before);
		scene_blit(&before, page, &noise, 0, 100);
		scene_blit(&after, page, &noise, 0, 100 + by);
		if (!scrolled(page, 0, -by, 200)) {
			right = false;
			tell("list");
			note("%d wide on the %s by %d", wide, n % 4 < 2 ? "left" : "right", by);
		}
	}
	scene_free(&noise);
	ok(right, "so is a page beside a list that stands still, without the list");
}

/* What moves around a fixed box takes two copies, and the second must not find its source overwritten by the first. */
static void check_box(void)
{
	struct scene noise = scene_new(WIDTH, HEIGHT + 200);
	bool right = true;

	scene_noise(&noise, (struct kg_rect){ 0, 0, WIDTH, HEIGHT + 200 }, 1);
	for (int n = 0; n < 24; n++) {
		int32_t by = (int32_t)(30 + rnd() % 60) * (n % 2 ? 1 : -1), side = n / 2 % 2 ? 0 : WIDTH - 420;
		int32_t height = n % 3 ? 300 : 130, y = n / 4 % 2 ? 0 : HEIGHT - height;
		struct kg_rect box = { side, y, side + 420, y + height };

		/* Of noise every pixel is wrong that is not copied. */
		scene_blit(&before, all, &noise, 0, 100);
		scene_blit(&after, all, &noise, 0, 100 + by);
		scene_photo(&before, box, 1);
		scene_photo(&after, box, 1);
		/* Besides the strip, what comes out from under the box. */
		/* Of the box less than a cell's width may be copied over. */
		if (!scrolled(all, 0, -by, 420 * (uint32_t)abs(by) + 64 * (uint32_t)height) || copy_count < 2) {
			right = false;
			tell("box");
			note("%d,%d %d by %d", side, y, height, by);
		}
	}
	scene_free(&noise);
	ok(right, "so is a page that scrolls around a fixed box, by copies that leave each other's sources");
}

static void check_horizontal(void)
{
	bool right = true;

	for (int32_t n = 1; n <= 200; n += 5) {
		int32_t by = n % 2 ? n : -n;

		scene_blit(&before, all, &document, 300, 0);
		scene_blit(&after, all, &document, 300 + by, 0);
		if (!scrolled(all, -by, 0, 0)) {
			right = false;
			tell("sideways");
			note("by %d", by);
		}
	}
	ok(right, "so is a page that scrolls sideways");
}

static void check_windows(void)
{
	bool right = true;

	for (int n = 0; n < 40; n++) {
		int32_t width = 150 + (int32_t)(rnd() % 350), height = 100 + (int32_t)(rnd() % 250);
		int32_t x = 150 + (int32_t)(rnd() % 200), y = 100 + (int32_t)(rnd() % 200);
		int32_t dx = (int32_t)(rnd() % 300) - 150, dy = (int32_t)(rnd() % 200) - 100;
		struct kg_rect old = { x, y, x + width, y + height };
		struct kg_rect now = { x + dx, y + dy, x + dx + width, y + dy + height };

		if (!dx && !dy)
			continue;
		if (n % 2)
			scene_photo(&before, all, 7);
		else
			scene_fill(&before, all, 0x00336699);
		scene_copy(&after, &before);
		scene_blit(&before, old, &document, 100, 100);
		scene_blit(&after, now, &document, 100, 100);
		find();
		/* At most what is uncovered, and at the edges of the window less than a cell. */
		if (!copy_count || wrong > (uint32_t)(width * height - KG_MAX(width - abs(dx), 0) * KG_MAX(height - abs(dy), 0)) + 2500) {
			right = false;
			tell("window");
			note("%dx%d at %d,%d by %d,%d", width, height, x, y, dx, dy);
		}
	}
	ok(right, "so is a window that is dragged");
}

/* ---- whatever happens ---- */

static void check_random(void)
{
	unsigned found = 0, pays = 0;
	bool right = true;

	for (int n = 0; n < 80; n++) {
		scene_blit(&before, all, &document, (int32_t)(rnd() % 300), (int32_t)(rnd() % 300));
		for (uint32_t i = 0; i < sizeof(known); i++)
			known[i] = n % 3 || rnd() % 8;
		scene_copy(&after, &before);
		for (unsigned k = 1 + rnd() % 4; k; k--) {
			int32_t x = (int32_t)(rnd() % WIDTH) - 50, y = (int32_t)(rnd() % HEIGHT) - 50;
			struct kg_rect rect = { x, y, x + 40 + (int32_t)(rnd() % 600), y + 40 + (int32_t)(rnd() % 500) };

			if (rnd() % 2)
				scene_blit(&after, rect, &before, x + (int32_t)(rnd() % 100), y - (int32_t)(rnd() % 100));
			else if (rnd() % 3)
				scene_blit(&after, rect, &document, (int32_t)(rnd() % 300), (int32_t)(rnd() % 300));
			else
				scene_noise(&after, rect, rnd());
		}
		right &= find();
		found += copy_count != 0;
		/* A row of a cell counts as wrong as soon as one pixel is: the gain is nearly never a loss. */
		pays += copy_count && (wrong < wrong_before || !(n % 3));
	}
	memset(known, 1, sizeof(known));
	ok(right && found >= 30, "copies of random changes lie on the screen (%u of 80 had some)", found);
	ok(pays >= found - 1, "and make more right than wrong (%u)", pays);
}

static void check_all(int32_t step)
{
	check_still();
	check_vertical(step);
	check_frame();
	check_edges();
	check_list();
	check_box();
	check_horizontal();
	check_windows();
	check_random();
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	kg_dsp_init(&dsp, kg_cpu_best());
	memset(known, 1, sizeof(known));
	before = scene_new(WIDTH, HEIGHT);
	after = scene_new(WIDTH, HEIGHT);
	document = scene_new(WIDTH + 600, HEIGHT + 600);
	scene_text(&document, (struct kg_rect){ 0, 0, WIDTH + 600, HEIGHT + 600 }, 42);

	for (int i = 0; i < 2; i++) {
		exact = i;
		note(exact ? "damage is what differs" : "damage is everything");
		check_all(exact ? 7 : 1);
	}
	scene_free(&before);
	scene_free(&after);
	scene_free(&document);
	return tap_end();
}
