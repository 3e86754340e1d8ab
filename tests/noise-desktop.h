/* For tests of views: a desktop that shows noise, the hardest of pictures, of any size. */
#pragma once

#include "base/frame.h"
#include "server/desktop/source_impl.h"
#include "tests/view-session.h"

struct noise {
	struct kg_source source;
	struct kg_watch *soon;
	uint32_t *pixels;		// 4 MiB and more
	struct kg_region damage;
	bool wanted;
};

static inline void noise_release(struct kg_frame *frame)
{
	free(frame->owner);
}

static inline void on_soon(void *data)
{
	struct noise *noise = data;
	struct kg_frame *frame;
	size_t size = (size_t)noise->source.width * noise->source.height * 4;

	if (!noise->wanted || kg_region_empty(&noise->damage))
		return;
	frame = malloc(sizeof(*frame) + size);
	if (!frame)		// a test lets allocations fail
		return (void)kg_watch_arm(noise->soon, 0);
	noise->wanted = false;
	memcpy(frame + 1, noise->pixels, size);
	if (kg_frame_init(frame, noise->source.width, noise->source.height, noise->source.width * 4,
			  (const uint8_t *)(frame + 1), noise_release, frame) < 0)
		abort();
	frame->damage = noise->damage;
	kg_region_clear(&noise->damage);
	noise->source.events->frame(noise->source.data, frame);
	kg_frame_unref(frame);
}

static inline void noise_draw(struct noise *noise, struct kg_rect rect)
{
	rect = kg_rect_intersect(rect, kg_rect_of_size(noise->source.width, noise->source.height));
	for (int32_t y = rect.top; y < rect.bottom; y++)
		for (int32_t x = rect.left; x < rect.right; x++)
			noise->pixels[(size_t)y * noise->source.width + (size_t)x] = rnd();
	kg_region_add(&noise->damage, rect);
	kg_watch_arm(noise->soon, 0);
}

static inline int noise_start(struct kg_source *source)
{
	return 0;
}

static inline void noise_want(struct kg_source *source)
{
	struct noise *noise = kg_container_of(source, struct noise, source);

	noise->wanted = true;
	kg_watch_arm(noise->soon, 0);
}

static inline int noise_resize(struct kg_source *source, uint32_t width, uint32_t height)
{
	struct noise *noise = kg_container_of(source, struct noise, source);

	uint32_t *pixels = malloc((size_t)width * height * 4);

	if (!pixels)
		return -ENOMEM;
	free(noise->pixels);
	noise->pixels = pixels;
	source->width = width;
	source->height = height;
	noise_draw(noise, kg_rect_of_size(width, height));
	return 0;
}

static inline void noise_free(struct kg_source *source)
{
	struct noise *noise = kg_container_of(source, struct noise, source);

	kg_watch_free(noise->soon);
	free(noise->pixels);
	free(noise);
}

static const struct kg_source_impl noise_impl = {
	.name = "noise",
	.start = noise_start,
	.want = noise_want,
	.resize = noise_resize,
	.free = noise_free,
};

static inline struct noise *noise_new(uint32_t width, uint32_t height)
{
	struct noise *noise = calloc(1, sizeof(*noise));

	noise->source.impl = &noise_impl;
	if (kg_loop_timer(loop, &noise->soon, UINT64_MAX, on_soon, noise) < 0)
		abort();
	noise_resize(&noise->source, width, height);
	return noise;
}

static inline bool shows(const struct session *session, const struct noise *noise)
{
	if (session->client.width != noise->source.width || session->client.height != noise->source.height)
		return false;
	for (size_t i = 0; i < (size_t)noise->source.width * noise->source.height; i++) {
		uint32_t value;

		memcpy(&value, session->client.output + i * 4, 4);
		if ((value ^ noise->pixels[i]) & 0xffffff)
			return false;
	}
	return true;
}

/* A session that gives credit only when nothing more comes, until the condition holds. */
#define credit_until(session, condition)                                                                               \
	({                                                                                                             \
		double give_up_ = tap_now() + DEADLINE_MS / 1000.0;                                                    \
		while (!(condition) && tap_now() < give_up_) {                                                         \
			give_credit(session);                                                                          \
			settle();                                                                                      \
		}                                                                                                      \
		(condition);                                                                                           \
	})
