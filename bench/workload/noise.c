/* noise: other random pixels in every frame. What no codec can do anything about. */
#include "bench/workload/workload_impl.h"

/* 64 random bits by a counter (SplitMix64). */
static inline uint64_t random_at(uint64_t counter)
{
	uint64_t z = counter * 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void noise_draw(struct kg_workload *workload, uint32_t number)
{
	const struct kg_canvas *canvas = &workload->canvas;
	uint64_t frame = random_at((uint64_t)workload->seed << 32 | number);

	for (int32_t y = 0; y < canvas->height; y++) {
		uint64_t row = random_at(frame + (uint64_t)y);

		for (int32_t x = 0; x < canvas->width; x += 2) {
			uint64_t two = htole64(random_at(row + (uint64_t)x) | UINT64_C(0xff000000ff000000));

			memcpy(kg_canvas_at(canvas, x, y), &two, (size_t)KG_MIN(canvas->width - x, 2) * 4);
		}
	}
	kg_workload_damage_all(workload);
}

static const struct kg_workload_impl noise_impl = { .size = sizeof(struct kg_workload), .draw = noise_draw };

const struct kg_workload_kind kg_workload_noise = {
	.name = "noise",
	.what = "random pixels, others in every frame",
	.fps = 30,
	.frames = 300,
	.impl = &noise_impl,
};
