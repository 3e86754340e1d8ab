/* Originals of what was shown. */
#include "bench/reference.h"

#include "bench/stats.h"
#include "bench/workload/workload.h"

#include <math.h>
#include <time.h>

struct kg_reference {
	struct kg_workload *workload;
	uint32_t width, height;
	size_t size;			// of the pixels
	uint8_t *frame;			// as the workload leaves it
	uint8_t *shown;			// with codes
};

int kg_reference_new(struct kg_reference **ret, const char *name, uint32_t seed, uint32_t width, uint32_t height)
{
	const struct kg_workload_kind *kind = kg_workload_find(name);
	struct kg_reference *reference;
	int r = -ENOMEM;

	if (!kind)
		return -ENOENT;
	if (width > KG_WORKLOAD_SIDE_MAX || height > KG_WORKLOAD_SIDE_MAX || width < KG_CODE_WIDTH ||
	    height < KG_CODE_HEIGHT)
		return -EINVAL;
	reference = calloc(1, sizeof(*reference));
	if (!reference)
		return -ENOMEM;
	reference->width = width;
	reference->height = height;
	reference->size = (size_t)width * height * 4;
	reference->frame = malloc(reference->size);
	reference->shown = malloc(reference->size);
	if (reference->frame && reference->shown)
		r = kg_workload_new(&reference->workload, kind, reference->frame, width, height, (size_t)width * 4,
				    seed);
	if (r < 0) {
		kg_reference_free(reference);
		return r;
	}
	*ret = reference;
	return 0;
}

void kg_reference_free(struct kg_reference *reference)
{
	if (!reference)
		return;
	kg_workload_free(reference->workload);
	free(reference->frame);
	free(reference->shown);
	free(reference);
}

struct kg_image kg_reference_draw(struct kg_reference *reference, const struct kg_timecode *time,
				  const struct kg_keycode *key)
{
	size_t stride = (size_t)reference->width * 4;
	struct kg_region damage;

	kg_workload_draw(reference->workload, time->number, &damage);
	memcpy(reference->shown, reference->frame, reference->size);
	kg_timecode_draw(reference->shown, stride, time);
	kg_keycode_draw(reference->shown, stride, key);
	return (struct kg_image){ reference->shown, reference->width, reference->height, stride };
}

static double thread_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

double kg_reference_draw_ms(struct kg_reference *reference, uint32_t first, uint32_t count)
{
	struct kg_samples times = { 0 };
	struct kg_region damage;
	double ms;

	for (uint32_t i = 0; i <= count; i++) {
		double begin = thread_ms();

		kg_workload_draw(reference->workload, first + i, &damage);
		if (i && kg_samples_add(&times, thread_ms() - begin) < 0)	// the first leaps
			break;
	}
	ms = kg_samples_percentile(&times, 50);
	kg_samples_done(&times);
	return ms;
}
