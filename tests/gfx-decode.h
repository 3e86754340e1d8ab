/*
 * A strict client of the graphics pipeline, for tests: decodes what a server sends with FreeRDP's codecs and enforces the
 * order of life, exact lengths and places inside surfaces, which stock clients forgive ([MS-RDPEGFX] 2.2, 3.3.5).
 */
#pragma once

#include "base/base.h"

#include <freerdp/codec/planar.h>
#include <freerdp/codec/zgfx.h>

#define GFX_SURFACES 8

struct gfx_surface {
	bool used, mapped;
	uint16_t id;
	uint32_t width, height;
	uint8_t *pixels;		// B, G, R, X
};

struct gfx_decoder {
	ZGFX_CONTEXT *zgfx;
	BITMAP_PLANAR_CONTEXT *planar;
	uint32_t asked;			// CapsConfirms that are still to come
	uint32_t asked_version;		// advertised last
	uint32_t asked_flags;
	uint32_t version;		// confirmed, 0: none
	bool reset;			// ResetGraphics has come
	uint32_t width, height;		// of the output
	uint8_t *output;		// B, G, R, X; changes at the end of a frame only
	struct gfx_surface surfaces[GFX_SURFACES];
	bool in_frame;
	uint32_t frame;			// that runs, or was the last
	uint32_t frames;		// that ended
	uint32_t fills, pictures, confirms, resets, messages, envelopes;	// that came
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
