/*
 * Writes the server's messages of the graphics pipeline ([MS-RDPEGFX] 2.2.2) and the envelope around them (2.2.5.1,
 * RDP_SEGMENTED_DATA). Pure.
 */
#pragma once

#include "base/rect.h"
#include "base/writer.h"
#include "codec/zgfx.h"

#define KG_GFX_HEADER_SIZE 8
#define KG_GFX_START_FRAME_SIZE 16
#define KG_GFX_END_FRAME_SIZE 12
#define KG_GFX_FILL_SIZE 24		// SolidFill with one rectangle
#define KG_GFX_PICTURE_SIZE 25		// WireToSurface1 without its data
#define KG_GFX_CONTEXT_PICTURE_SIZE 21	// WireToSurface2 without its data
#define KG_GFX_COPY_SIZE 26		// SurfaceToSurface with one point
#define KG_GFX_TO_CACHE_SIZE 28
#define KG_GFX_FROM_CACHE_SIZE 18	// CacheToSurface with one point
#define KG_GFX_EVICT_SIZE 10
#define KG_GFX_RESET_SIZE 340
#define KG_GFX_SETUP_MAX 512		// CapsConfirm, DeleteSurface, ResetGraphics, CreateSurface, MapSurfaceToOutput together

enum kg_gfx_codec {
	KG_GFX_REMOTEFX = 0x0003,	// CAVIDEO
	KG_GFX_CLEAR = 0x0008,
	KG_GFX_PROGRESSIVE = 0x0009,	// CAPROGRESSIVE, the only one of WireToSurface2
	KG_GFX_PLANAR = 0x000a,
};

void kg_gfx_caps_confirm(struct kg_writer *writer, uint32_t version, uint32_t flags);
void kg_gfx_reset_graphics(struct kg_writer *writer, uint32_t width, uint32_t height);	// one monitor
void kg_gfx_create_surface(struct kg_writer *writer, uint16_t surface, uint32_t width, uint32_t height);
void kg_gfx_delete_surface(struct kg_writer *writer, uint16_t surface);
void kg_gfx_map_surface(struct kg_writer *writer, uint16_t surface);			// to the output's origin
void kg_gfx_import_nothing(struct kg_writer *writer);		// the answer to a client's CacheImportOffer
void kg_gfx_start_frame(struct kg_writer *writer, uint32_t frame, uint64_t time_ms);	// time of day
void kg_gfx_end_frame(struct kg_writer *writer, uint32_t frame);

/* colour: a pixel as in memory, B first. */
void kg_gfx_solid_fill(struct kg_writer *writer, uint16_t surface, uint32_t colour, struct kg_rect rect);

/* Head of a WireToSurface1 whose size bytes of data follow. */
void kg_gfx_picture(struct kg_writer *writer, uint16_t surface, enum kg_gfx_codec codec, struct kg_rect rect,
		    uint32_t size);

/* Head of a WireToSurface2 of progressive, likewise; context: of the surface, see 2.2.2.2. */
void kg_gfx_context_picture(struct kg_writer *writer, uint16_t surface, uint32_t context, uint32_t size);
void kg_gfx_delete_context(struct kg_writer *writer, uint16_t surface, uint32_t context);

/* Within a surface; the rectangles may overlap. x, y: where the left top goes. */
void kg_gfx_copy(struct kg_writer *writer, uint16_t surface, struct kg_rect from, int32_t x, int32_t y);

/* The client's bitmap cache: slots count from 1. key says nothing to a client that keeps no cache on disk. */
void kg_gfx_to_cache(struct kg_writer *writer, uint16_t surface, uint64_t key, uint16_t slot, struct kg_rect rect);
void kg_gfx_from_cache(struct kg_writer *writer, uint16_t surface, uint16_t slot, int32_t x, int32_t y);
void kg_gfx_evict(struct kg_writer *writer, uint16_t slot);

/* The size of the message that begins at message, as its header says: for messages that were written here. */
size_t kg_gfx_message_size(const uint8_t *message);

/*
 * The envelope: begin, add (bytes of messages, cut anywhere) until payload bytes are added, end. It takes at most
 * kg_gfx_envelope_room(payload) bytes, all of which may be overwritten; end returns how many it has.
 * zgfx compresses, NULL stores. It knows what the client has: each envelope that it makes must be sent, in this order. The
 * client need not have forgotten anything when it begins anew (kg_zgfx_init()), for nothing of before is then used.
 */
struct kg_gfx_envelope {
	struct kg_zgfx *zgfx;
	uint8_t *start;
	uint8_t *at;		// where the segment that is open begins
	uint8_t *data;		// its RDP8_BULK_ENCODED_DATA
	uint8_t *put;		// where the next byte of it is gathered
	size_t payload;		// bytes still to be added
	size_t segment;		// of them in the segment that is open
	size_t segment_size;
	bool multipart;
};

/* payload is at most KG_SLICE_SIZE_MAX. */
size_t kg_gfx_envelope_room(size_t payload);
void kg_gfx_envelope_begin(struct kg_gfx_envelope *envelope, struct kg_zgfx *zgfx, uint8_t *to, size_t payload);
void kg_gfx_envelope_add(struct kg_gfx_envelope *envelope, const uint8_t *bytes, size_t size);
size_t kg_gfx_envelope_end(struct kg_gfx_envelope *envelope);
