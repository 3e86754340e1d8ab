/* When tiles are sent exactly. */
#include "server/display/refine.h"

uint64_t kg_refine_due(const struct kg_mirror *mirror)
{
	size_t count = (size_t)mirror->columns * mirror->rows;
	uint64_t first = KG_REFINE_NEVER;

	for (size_t i = 0; i < count; i++) {
		if (mirror->states[i] == KG_TILE_LOSSY)
			first = KG_MIN(first, mirror->changed_ms[i] + KG_REFINE_AFTER_MS);
	}
	return first;
}

uint32_t kg_refine_mark(const struct kg_mirror *mirror, uint64_t now_ms, uint8_t *due)
{
	size_t count = (size_t)mirror->columns * mirror->rows;
	uint32_t marked = 0;

	memset(due, 0, count);
	for (size_t i = 0; i < count && marked < KG_REFINE_TILES_MAX; i++) {
		due[i] = mirror->states[i] == KG_TILE_LOSSY && mirror->changed_ms[i] + KG_REFINE_AFTER_MS <= now_ms;
		marked += due[i];
	}
	return marked;
}
