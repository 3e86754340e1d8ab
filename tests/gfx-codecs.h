/* For gfx-decode.c: FreeRDP's decoders, what they must be given, and the client's bitmap cache. */
#pragma once

#include "base/rect.h"
#include "tests/gfx-decode.h"

/* Notes the first thing that is wrong. Returns false. */
bool gfx_wrong(struct gfx_decoder *decoder, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct gfx_codecs *gfx_codecs_new(void);
void gfx_codecs_free(struct gfx_codecs *codecs);		// NULL is fine
void gfx_codecs_reset(struct gfx_codecs *codecs);		// the client advertises (again)

bool gfx_is_thin(const struct gfx_decoder *decoder);
void gfx_count(struct gfx_decoder *decoder, unsigned way, struct kg_rect rect, uint32_t bytes);

/* The data of a WireToSurface1 and 2. data may be NULL. */
bool gfx_decode_picture(struct gfx_decoder *decoder, struct gfx_surface *surface, uint16_t codec, struct kg_rect rect,
			const uint8_t *data, uint32_t size);
bool gfx_decode_progressive(struct gfx_decoder *decoder, struct gfx_surface *surface, const uint8_t *data, uint32_t size);
void gfx_forget_context(struct gfx_decoder *decoder, const struct gfx_surface *surface);

/* A classic RemoteFX message for rect of an image: with its head, all of it drawn inside of rect. */
bool gfx_decode_remotefx(struct gfx_codecs *codecs, const uint8_t *data, uint32_t size, struct kg_rect rect, uint8_t *pixels,
			 uint32_t width, uint32_t height);

/* The bitmap cache: empty, and as large as the confirmed capabilities allow. */
void gfx_cache_limit(struct gfx_codecs *codecs, uint32_t version, uint32_t flags);
bool gfx_cache_store(struct gfx_decoder *decoder, const struct gfx_surface *surface, uint64_t key, uint16_t slot,
		     struct kg_rect rect);
bool gfx_cache_size(const struct gfx_decoder *decoder, uint16_t slot, struct kg_rect *ret);	// false: holds nothing
void gfx_cache_draw(const struct gfx_decoder *decoder, struct gfx_surface *surface, uint16_t slot, struct kg_rect to);
bool gfx_cache_evict(struct gfx_decoder *decoder, uint16_t slot);
