/* Seeded pictures for tests of analysis: text with coloured edges, photographs, noise, windows. Pixels are 0xXXRRGGBB. */
#pragma once

#include "base/rect.h"
#include "codec/image.h"

struct scene {
	uint32_t width, height;
	uint32_t *pixels;
};

struct scene scene_new(uint32_t width, uint32_t height);	// exits when there is no memory
void scene_free(struct scene *scene);
struct kg_image scene_image(const struct scene *scene);
void scene_copy(struct scene *to, const struct scene *from);	// of the same size

/* All are clipped to the scene. What is drawn follows from seed. */
void scene_fill(struct scene *scene, struct kg_rect rect, uint32_t colour);
void scene_text(struct scene *scene, struct kg_rect rect, uint64_t seed);	// dark on white, as smoothed for LCDs
void scene_terminal(struct scene *scene, struct kg_rect rect, uint64_t seed);	// light on dark, hard edges
void scene_photo(struct scene *scene, struct kg_rect rect, uint64_t seed);	// soft shapes with grain
void scene_gradient(struct scene *scene, struct kg_rect rect, uint64_t seed);	// in both directions, no grain
void scene_dark(struct scene *scene, struct kg_rect rect, uint64_t seed);	// dim light with grain
void scene_caption(struct scene *scene, struct kg_rect rect, uint64_t seed);	// white text over what is there
void scene_noise(struct scene *scene, struct kg_rect rect, uint64_t seed);
void scene_letters(struct scene *scene, int32_t x, int32_t y, unsigned count, uint64_t seed, uint32_t ink);

/* The pixels of from at x, y are drawn into rect. */
void scene_blit(struct scene *to, struct kg_rect rect, const struct scene *from, int32_t x, int32_t y);

uint32_t scene_differing(const struct scene *a, const struct scene *b);	// pixels, X ignored
