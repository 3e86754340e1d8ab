/* Regions against a bitmap: every pixel that was added stays in, whatever is joined. */
#include "base/region.h"
#include "tests/tap.h"

#define SIZE 64

static uint8_t model[SIZE][SIZE], covered[SIZE][SIZE];

static void mark(uint8_t map[SIZE][SIZE], struct kg_rect rect)
{
	rect = kg_rect_intersect(rect, kg_rect_of_size(SIZE, SIZE));
	for (int32_t y = rect.top; y < rect.bottom; y++)
		for (int32_t x = rect.left; x < rect.right; x++)
			map[y][x] = 1;
}

/* Returns whether the region covers the model, and counts what it covers beyond it. */
static bool covers(const struct kg_region *region, unsigned *beyond)
{
	memset(covered, 0, sizeof(covered));
	for (uint32_t i = 0; i < region->count; i++)
		mark(covered, region->rects[i]);
	*beyond = 0;
	for (int y = 0; y < SIZE; y++) {
		for (int x = 0; x < SIZE; x++) {
			if (model[y][x] && !covered[y][x])
				return false;
			*beyond += covered[y][x] && !model[y][x];
		}
	}
	return true;
}

static struct kg_rect random_rect(int32_t longest)
{
	int32_t x = (int32_t)(rnd() % (SIZE + 16)) - 8, y = (int32_t)(rnd() % (SIZE + 16)) - 8;

	return (struct kg_rect){ x, y, x + (int32_t)(rnd() % (uint32_t)longest), y + (int32_t)(rnd() % (uint32_t)longest) };
}

static bool well_formed(const struct kg_region *region)
{
	for (uint32_t i = 0; i < region->count; i++) {
		if (kg_rect_empty(region->rects[i]))
			return false;
	}
	return region->count <= KG_REGION_RECTS;
}

static void test_property(void)
{
	bool right = true, tight = true, formed = true;
	unsigned beyond;

	for (int run = 0; run < 2000 && right; run++) {
		struct kg_region region = { 0 }, other = { 0 };
		unsigned steps = rnd() % 120;
		bool joined = false;

		memset(model, 0, sizeof(model));
		for (unsigned i = 0; i < steps && right; i++) {
			struct kg_rect rect = random_rect(run % 2 ? 4 : 20);

			if (rnd() % 8 == 0) {
				kg_region_add(&other, rect);
				kg_region_unite(&region, &other);
			} else {
				kg_region_add(&region, rect);
			}
			mark(model, rect);
			joined |= region.count == KG_REGION_RECTS || other.count == KG_REGION_RECTS;
			right = covers(&region, &beyond);
			tight &= joined || beyond == 0;
			formed &= well_formed(&region);
		}
		struct kg_rect bounds = kg_region_bounds(&region);

		for (uint32_t i = 0; i < region.count; i++)
			formed &= region.rects[i].left >= bounds.left && region.rects[i].right <= bounds.right &&
				  region.rects[i].top >= bounds.top && region.rects[i].bottom <= bounds.bottom;
	}
	ok(right, "no pixel is ever lost");
	ok(tight, "and none is gained while the list has room");
	ok(formed, "no rectangle is empty, none outside of the bounds, and never more than %d", KG_REGION_RECTS);
}

static void test_joining(void)
{
	struct kg_region region = { 0 };
	uint64_t area = 0;

	for (int i = 0; i < 64; i++)
		kg_region_add(&region, (struct kg_rect){ 0, i, 100, i + 1 });
	ok(region.count == 1 && region.rects[0].bottom == 64, "rows added one by one are one rectangle (%u)", region.count);
	kg_region_add(&region, (struct kg_rect){ 10, 10, 20, 20 });
	ok(region.count == 1, "what is covered adds nothing");
	kg_region_add(&region, (struct kg_rect){ 5, 5, 5, 9 });
	kg_region_add(&region, (struct kg_rect){ 9, 9, 5, 12 });
	ok(region.count == 1, "an empty rectangle adds nothing");
	kg_region_add(&region, (struct kg_rect){ -1, -1, 200, 200 });
	ok(region.count == 1 && region.rects[0].left == -1, "what covers all replaces all");

	kg_region_clear(&region);
	ok(kg_region_empty(&region) && kg_rect_empty(kg_region_bounds(&region)), "an empty region has empty bounds");

	/* Two clusters of carets far apart: filling the list must not join across the screen. */
	for (int i = 0; i < 200; i++) {
		int32_t x = (i % 2 ? 8000 : 0) + i % 40 * 3, y = (i % 2 ? 8000 : 0) + i / 40 * 3;

		kg_region_add(&region, (struct kg_rect){ x, y, x + 1, y + 1 });
	}
	for (uint32_t i = 0; i < region.count; i++)
		area += (uint64_t)kg_rect_width(region.rects[i]) * kg_rect_height(region.rects[i]);
	ok(area < 20000, "a full list joins what is near (%llu pixels for two clusters)", (unsigned long long)area);
}

static void test_extremes(void)
{
	struct kg_region region = { 0 };
	struct kg_rect all = { INT32_MIN, INT32_MIN, INT32_MAX, INT32_MAX };
	struct kg_rect rect = kg_rect_from(INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN);

	for (int i = 0; i < 100; i++)
		kg_region_add(&region, (struct kg_rect){ INT32_MIN + i * 4, INT32_MIN, INT32_MIN + i * 4 + 1, INT32_MAX });
	ok(region.count <= KG_REGION_RECTS, "the widest rectangles do not overflow");
	kg_region_add(&region, all);
	ok(region.count == 1 && !memcmp(&region.rects[0], &all, sizeof(all)), "and the whole plane covers them");
	ok(rect.left == INT32_MAX / 2 && rect.right == INT32_MAX / 2 && rect.top == -(INT32_MAX / 2) &&
		   rect.bottom == -(INT32_MAX / 2) && kg_rect_empty(rect),
	   "numbers from outside are saturated");
	rect = kg_rect_from(-5, 7, 10, 20);
	ok(rect.left == -5 && rect.top == 7 && rect.right == 5 && rect.bottom == 27, "and small ones kept");
	ok(kg_rect_empty(kg_rect_from(5, 5, -3, 2)), "a negative width is empty");
}

int main(void)
{
	tap_seed_init();
	test_property();
	test_joining();
	test_extremes();
	return tap_end();
}
