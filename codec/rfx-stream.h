/*
 * Classic RemoteFX ([MS-RDPRFX] 2.2.2): frames of tiles of 64x64 pixels in a stream for surface commands or, in the graphics
 * pipeline, for clients that ask for it. Each frame has one region and one set of tiles.
 *
 * The tiles of a frame may be encoded by several threads, each with a batch of its own:
 *
 *   each thread:  kg_rfx_stream_tiles() into memory of its own
 *   then:         kg_rfx_stream_begin(), kg_rfx_stream_add() of each thread's tiles, kg_rfx_stream_end()
 *
 * A single thread may call kg_rfx_stream_tiles() with the frame's own writer, between begin and end, and add their count.
 */
#pragma once

#include "base/rect.h"
#include "base/writer.h"
#include "codec/rfx.h"

struct kg_dsp;

/* What stays the same for all frames to a client. */
struct kg_rfx_stream {
	struct kg_rfx_quant quant[3];	// Y, Cb, Cr
	struct kg_rfx_scale scale[3];
	enum kg_rfx_coder coder;	// one of those that the client named
	bool image;			// image mode: each frame stands for itself; else video mode
	uint16_t width, height;		// pixels of the channel: the rectangle that the frames are for
};

/* Of a channel: what the first clients hold to ([MS-RDPRFX] 2.2.2.1.3). */
#define KG_RFX_CHANNEL_WIDTH_MAX 4096
#define KG_RFX_CHANNEL_HEIGHT_MAX 2048

/* quant: three, or NULL for the usual steps. Returns 0, or -EINVAL where a step is not 6 to 15 or a size is 0. */
int kg_rfx_stream_init(struct kg_rfx_stream *stream, const struct kg_rfx_quant *quant, enum kg_rfx_coder coder, bool image,
		       uint16_t width, uint16_t height);

struct kg_rfx_stream_tile {
	const uint8_t *pixels;		// B, G, R, X of its top left
	size_t stride;
	uint32_t width, height;		// 1 to 64
	uint16_t x, y;			// in tiles of the channel
};

/* Writes count tiles, in order, as far as there is room. Returns how many: each is written whole or not at all. */
uint32_t kg_rfx_stream_tiles(const struct kg_dsp *dsp, struct kg_rfx_batch *batch, const struct kg_rfx_stream *stream,
			     const struct kg_rfx_stream_tile *tiles, uint32_t count, struct kg_writer *to);

struct kg_rfx_frame {
	const struct kg_rfx_stream *stream;
	struct kg_writer *to;
	size_t tileset, tiles_at;	// where they begin
	uint32_t tiles;
};

/*
 * A frame up to its tiles. headers: with what a stream begins with, which image mode has in front of each frame; in video
 * mode ask for it with the first frame and after a reset. rects: what is to be shown, 1 to 65535 of them, all within the
 * tiles.
 */
void kg_rfx_stream_begin(struct kg_rfx_frame *frame, struct kg_writer *to, const struct kg_rfx_stream *stream, bool headers,
			 uint32_t index, const struct kg_rect *rects, uint32_t rect_count);

/* count tiles of kg_rfx_stream_tiles(), size bytes. Tiles that the writer has already: NULL and 0. */
void kg_rfx_stream_add(struct kg_rfx_frame *frame, const uint8_t *tiles, size_t size, uint32_t count);

/* Returns 0, or -ENOSPC where the writer's room was too small, -EINVAL with no tiles or more than 65535 of them. */
int kg_rfx_stream_end(struct kg_rfx_frame *frame);
