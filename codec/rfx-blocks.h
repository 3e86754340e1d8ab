/* How both streams of RemoteFX write what they share. For codec/progressive.c and codec/rfx-stream.c only. */
#pragma once

#include "base/rect.h"
#include "base/writer.h"
#include "codec/rfx.h"

/* The head of a block: TS_RFX_BLOCKT ([MS-RDPRFX] 2.2.2.1.1), and that of a progressive one. */
static inline void rfx_write_block(struct kg_writer *to, uint16_t type, uint32_t size)
{
	kg_write_u16(to, type);
	kg_write_u32(to, size);
}

/* TS_RFX_RECT (2.2.2.1.6), each. */
static inline void rfx_write_rects(struct kg_writer *to, const struct kg_rect *rects, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		kg_write_u16(to, (uint16_t)rects[i].left);
		kg_write_u16(to, (uint16_t)rects[i].top);
		kg_write_u16(to, (uint16_t)kg_rect_width(rects[i]));
		kg_write_u16(to, (uint16_t)kg_rect_height(rects[i]));
	}
}

/* A number of each band, in this order: half bytes, the low one first. */
static inline void rfx_write_bands(struct kg_writer *to, const uint8_t *bands, const uint8_t order[KG_RFX_BANDS])
{
	for (int i = 0; i < KG_RFX_BANDS; i += 2)
		kg_write_u8(to, (uint8_t)(bands[order[i]] | bands[order[i + 1]] << 4));
}
