/* A bounded list of rectangles: what is added stays covered, whatever has to be joined. */
#include "base/region.h"

/* Up to 2^64 - 2^33 + 1: just fits. */
static uint64_t area(struct kg_rect r)
{
	return kg_rect_empty(r) ? 0 : (uint64_t)((int64_t)r.right - r.left) * (uint64_t)((int64_t)r.bottom - r.top);
}

/* How many pixels more the joint rectangle covers than the two do: 0 when nothing is lost by joining them. */
static uint64_t waste(struct kg_rect a, struct kg_rect b)
{
	return area(kg_rect_unite(a, b)) + area(kg_rect_intersect(a, b)) - area(a) - area(b);
}

static void remove_at(struct kg_region *region, uint32_t i)
{
	region->rects[i] = region->rects[--region->count];
}

/* Takes the two rectangles off the full list that waste least when joined; returns the joint one. */
static struct kg_rect take_closest(struct kg_region *region)
{
	uint32_t first = 0, second = 1;
	uint64_t least = UINT64_MAX;
	struct kg_rect joint;

	for (uint32_t i = 0; i < region->count; i++) {
		for (uint32_t j = i + 1; j < region->count; j++) {
			uint64_t w = waste(region->rects[i], region->rects[j]);

			if (w < least) {
				least = w;
				first = i;
				second = j;
			}
		}
	}
	joint = kg_rect_unite(region->rects[first], region->rects[second]);
	remove_at(region, second);	// the later one first: the earlier keeps its place
	remove_at(region, first);
	return joint;
}

/*
 * Puts the rectangle on the list, without what it covers. Two that make one exactly are joined at once, so that neighbouring
 * damage does not fill the list. Each turn takes one from the list, so this ends. Returns false when there is no room.
 */
static bool insert(struct kg_region *region, struct kg_rect *rect)
{
	for (uint32_t i = 0; i < region->count;) {
		if (kg_rect_contains(region->rects[i], *rect))
			return true;
		if (waste(region->rects[i], *rect) == 0) {
			*rect = kg_rect_unite(region->rects[i], *rect);
			remove_at(region, i);
			i = 0;
		} else {
			i++;
		}
	}
	if (region->count == KG_REGION_RECTS)
		return false;
	region->rects[region->count++] = *rect;
	return true;
}

void kg_region_add(struct kg_region *region, struct kg_rect rect)
{
	if (kg_rect_empty(rect))
		return;
	while (!insert(region, &rect)) {
		struct kg_rect joint = take_closest(region);

		/* Two places are free now, and the joint one takes at most one of them. */
		insert(region, &joint);
	}
}

void kg_region_unite(struct kg_region *region, const struct kg_region *other)
{
	if (region == other)
		return;
	for (uint32_t i = 0; i < other->count; i++)
		kg_region_add(region, other->rects[i]);
}

struct kg_rect kg_region_bounds(const struct kg_region *region)
{
	struct kg_rect bounds = { 0 };

	for (uint32_t i = 0; i < region->count; i++)
		bounds = i ? kg_rect_unite(bounds, region->rects[i]) : region->rects[i];
	return bounds;
}
