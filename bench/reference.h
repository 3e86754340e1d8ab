/* The originals: a workload's frames drawn anew by their numbers, with the codes that the player drew into them. */
#pragma once

#include "bench/workload/timecode.h"
#include "codec/image.h"

struct kg_reference;

/* -ENOENT: there is no workload of that name. */
int kg_reference_new(struct kg_reference **ret, const char *name, uint32_t seed, uint32_t width, uint32_t height);
void kg_reference_free(struct kg_reference *reference);		// NULL is fine

/* Frame time->number, with its codes. Valid until the next call. */
struct kg_image kg_reference_draw(struct kg_reference *reference, const struct kg_timecode *time,
				  const struct kg_keycode *key);

/* What drawing costs: the median of count frames from first on, in milliseconds of this thread. */
double kg_reference_draw_ms(struct kg_reference *reference, uint32_t first, uint32_t count);
