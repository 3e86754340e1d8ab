/* Classic RemoteFX: the messages around tiles. */
#include "codec/rfx-stream.h"

#include "codec/dsp.h"
#include "codec/rfx-blocks.h"

#include <assert.h>

enum block {
	BLOCK_SYNC = 0xccc0,
	BLOCK_CODEC_VERSIONS = 0xccc1,
	BLOCK_CHANNELS = 0xccc2,
	BLOCK_CONTEXT = 0xccc3,
	BLOCK_FRAME_BEGIN = 0xccc4,
	BLOCK_FRAME_END = 0xccc5,
	BLOCK_REGION = 0xccc6,
	BLOCK_EXTENSION = 0xccc7,
	SUBTYPE_REGION = 0xcac1,
	SUBTYPE_TILESET = 0xcac2,
	BLOCK_TILE = 0xcac3,
};

enum {
	VERSION_1_0 = 0x0100,
	CODEC_ID = 1,
	ALL_CHANNELS = 0xff,
	IMAGE_MODE = 2,		// of the flags
	COMPONENTS = 3,
	TILE_HEADER = 19,
};

int kg_rfx_stream_init(struct kg_rfx_stream *stream, const struct kg_rfx_quant *quant, enum kg_rfx_coder coder, bool image,
		       uint16_t width, uint16_t height)
{
	struct kg_rfx_stream s = { .coder = coder, .image = image, .width = width, .height = height };

	if (!width || !height)
		return -EINVAL;
	for (int c = 0; c < COMPONENTS; c++) {
		s.quant[c] = quant ? quant[c] : KG_RFX_QUANT_DEFAULT;
		if (!kg_rfx_quant_legal(&s.quant[c]))
			return -EINVAL;
		kg_rfx_scale_init(&s.scale[c], &s.quant[c], NULL);
	}
	*stream = s;
	return 0;
}

/* TS_RFX_CODEC_CHANNELT */
static void write_channel_block(struct kg_writer *to, enum block type, uint32_t size, uint8_t channel)
{
	rfx_write_block(to, (uint16_t)type, size);
	kg_write_u8(to, CODEC_ID);
	kg_write_u8(to, channel);
}

/* ---- tiles ---- */

static bool write_tile(struct kg_writer *to, const struct kg_rfx_stream_tile *tile, const struct kg_rfx_list *lists)
{
	const struct kg_writer before = *to;

	rfx_write_block(to, BLOCK_TILE, TILE_HEADER + lists[0].size + lists[1].size + lists[2].size);
	for (uint8_t component = 0; component < COMPONENTS; component++)
		kg_write_u8(to, component);	// its steps in the set's table
	kg_write_u16(to, tile->x);
	kg_write_u16(to, tile->y);
	for (int c = 0; c < COMPONENTS; c++)
		kg_write_u16(to, (uint16_t)lists[c].size);
	for (int c = 0; c < COMPONENTS; c++)
		kg_write_bytes(to, lists[c].bytes, lists[c].size);
	if (kg_writer_ok(to))
		return true;
	*to = before;		// a tile that does not fit leaves nothing behind
	return false;
}

uint32_t kg_rfx_stream_tiles(const struct kg_dsp *dsp, struct kg_rfx_batch *batch, const struct kg_rfx_stream *stream,
			     const struct kg_rfx_stream_tile *tiles, uint32_t count, struct kg_writer *to)
{
	uint32_t done = 0;

	while (done < count) {
		const struct kg_rfx_stream_tile *first = tiles + done;
		uint32_t n = KG_MIN(count - done, batch->capacity);

		for (uint32_t i = 0; i < n; i++)
			batch->tiles[i] = (struct kg_rfx_tile){ first[i].pixels, first[i].stride, first[i].width,
								first[i].height, stream->scale };
		kg_rfx_encode(dsp, batch, batch->tiles, n, KG_RFX_SYMMETRIC, stream->coder);
		for (uint32_t i = 0; i < n; i++, done++)
			if (!write_tile(to, &first[i], batch->lists + 3 * i))
				return done;
	}
	return done;
}

/* ---- frames ---- */

/* What a context and a set of tiles say alike, from bit 0: mode, ICT colour, 5/3 wavelet, coder, scalar quantisation. */
static uint16_t properties(const struct kg_rfx_stream *stream)
{
	unsigned coder = stream->coder == KG_RFX_RLGR1 ? 1 : 4;

	return (uint16_t)((stream->image ? IMAGE_MODE : 0) | 1 << 3 | 1 << 5 | coder << 9 | 1 << 13);
}

/* TS_RFX_CODEC_QUANT: LH before HL, unlike progressive. */
static void write_bands(struct kg_writer *to, const struct kg_rfx_quant *quant)
{
	static const uint8_t order[KG_RFX_BANDS] = { KG_LL3, KG_LH3, KG_HL3, KG_HH3, KG_LH2,
						     KG_HL2, KG_HH2, KG_LH1, KG_HL1, KG_HH1 };

	rfx_write_bands(to, quant->step, order);
}

static void write_headers(struct kg_writer *to, const struct kg_rfx_stream *stream)
{
	rfx_write_block(to, BLOCK_SYNC, 12);
	kg_write_u32(to, 0xcaccacca);
	kg_write_u16(to, VERSION_1_0);
	rfx_write_block(to, BLOCK_CODEC_VERSIONS, 10);
	kg_write_u8(to, 1);
	kg_write_u8(to, CODEC_ID);
	kg_write_u16(to, VERSION_1_0);
	rfx_write_block(to, BLOCK_CHANNELS, 12);
	kg_write_u8(to, 1);
	kg_write_u8(to, 0);			// its id
	kg_write_u16(to, stream->width);
	kg_write_u16(to, stream->height);
	write_channel_block(to, BLOCK_CONTEXT, 13, ALL_CHANNELS);
	kg_write_u8(to, 0);
	kg_write_u16(to, KG_RFX_TILE);
	kg_write_u16(to, properties(stream));
}

enum { SET_COUNT_AT = 16, SET_SIZE_AT = 18 };	// from the start of TS_RFX_TILESET

void kg_rfx_stream_begin(struct kg_rfx_frame *frame, struct kg_writer *to, const struct kg_rfx_stream *stream, bool headers,
			 uint32_t index, const struct kg_rect *rects, uint32_t rect_count)
{
	assert(rect_count >= 1 && rect_count <= UINT16_MAX);
	if (headers || stream->image)
		write_headers(to, stream);
	write_channel_block(to, BLOCK_FRAME_BEGIN, 14, 0);
	kg_write_u32(to, index);
	kg_write_u16(to, 1);			// region
	write_channel_block(to, BLOCK_REGION, 15 + 8 * rect_count, 0);
	kg_write_u8(to, 1);
	kg_write_u16(to, (uint16_t)rect_count);
	rfx_write_rects(to, rects, rect_count);
	kg_write_u16(to, SUBTYPE_REGION);
	kg_write_u16(to, 1);			// set of tiles

	*frame = (struct kg_rfx_frame){ .stream = stream, .to = to, .tileset = kg_writer_size(to) };
	write_channel_block(to, BLOCK_EXTENSION, 0, 0);
	kg_write_u16(to, SUBTYPE_TILESET);
	kg_write_u16(to, 0);
	kg_write_u16(to, (uint16_t)(properties(stream) << 1 | 1));	// bit 0: the last set
	kg_write_u8(to, COMPONENTS);
	kg_write_u8(to, KG_RFX_TILE);
	kg_write_u16(to, 0);
	kg_write_u32(to, 0);
	for (int c = 0; c < COMPONENTS; c++)
		write_bands(to, &stream->quant[c]);
	frame->tiles_at = kg_writer_size(to);
}

void kg_rfx_stream_add(struct kg_rfx_frame *frame, const uint8_t *tiles, size_t size, uint32_t count)
{
	kg_write_bytes(frame->to, tiles, size);
	frame->tiles += count;
}

int kg_rfx_stream_end(struct kg_rfx_frame *frame)
{
	struct kg_writer *to = frame->to;
	size_t end = kg_writer_size(to);

	if (!frame->tiles || frame->tiles > UINT16_MAX)
		return -EINVAL;
	write_channel_block(to, BLOCK_FRAME_END, 8, 0);
	if (!kg_writer_ok(to) || end > UINT32_MAX)
		return -ENOSPC;
	kg_write_at(to, frame->tileset + 2, end - frame->tileset, 4);
	kg_write_at(to, frame->tileset + SET_COUNT_AT, frame->tiles, 2);
	kg_write_at(to, frame->tileset + SET_SIZE_AT, end - frame->tiles_at, 4);
	return 0;
}
