/*
 * A strict client of the graphics pipeline, for tests: decodes what a server sends with FreeRDP's codecs and enforces the
 * order of life, exact lengths and places inside surfaces, which stock clients forgive ([MS-RDPEGFX] 2.2, 3.3.5).
 */
#pragma once

#include "base/base.h"

#include <freerdp/codec/zgfx.h>

#define GFX_SURFACES 8

struct gfx_codecs;

struct gfx_surface {
	bool used, mapped;
	uint16_t id;
	uint32_t width, height;
	uint8_t *pixels;		// B, G, R, X
	bool has_context;		// of progressive: one at a time
	uint32_t context;
};

/* How pixels came: the codec's number, or one of these. */
enum { GFX_UNCOMPRESSED = 0, GFX_REMOTEFX = 3, GFX_CLEAR = 8, GFX_PROGRESSIVE = 9, GFX_PLANAR = 10, GFX_FILL = 16, GFX_COPY,
       GFX_CACHE, GFX_WAYS };

struct gfx_decoder {
	ZGFX_CONTEXT *zgfx;
	struct gfx_codecs *codecs;	// decoders and the bitmap cache
	uint32_t asked;			// CapsConfirms that are still to come
	uint32_t asked_version;		// advertised last
	uint32_t asked_flags;
	uint32_t version, flags;	// confirmed, 0: none
	bool reset;			// ResetGraphics has come
	uint32_t width, height;		// of the output
	uint8_t *output;		// B, G, R, X; changes at the end of a frame only
	struct gfx_surface surfaces[GFX_SURFACES];
	bool in_frame;
	uint32_t frame;			// that runs, or was the last
	uint32_t frames;		// that ended
	uint32_t fills, pictures, confirms, resets, imports, messages, envelopes;	// that came
	uint32_t copies, stored, hits, evicted;	// SurfaceToSurface, SurfaceToCache, CacheToSurface, EvictCacheEntry
	uint64_t area[GFX_WAYS];	// pixels
	uint64_t bytes[GFX_WAYS];	// of the codecs' data
	char wrong[256];		// what was, for the first time
};

int gfx_decoder_init(struct gfx_decoder *decoder);
void gfx_decoder_done(struct gfx_decoder *decoder);

/* The client advertises (again): everything is forgotten, CapsConfirm must come. */
void gfx_decoder_advertise(struct gfx_decoder *decoder, uint32_t version, uint32_t flags);

/* One RDP_SEGMENTED_DATA. NULL, or a sentence that says what is wrong; the decoder is then of no use any more. */
const char *gfx_decode(struct gfx_decoder *decoder, const uint8_t *bytes, size_t size);

/* The same for messages that are out of their envelope already. */
const char *gfx_decode_messages(struct gfx_decoder *decoder, const uint8_t *bytes, size_t size);
