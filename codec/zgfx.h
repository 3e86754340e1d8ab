/*
 * ZGFX: the bulk compression of RDP 8.0 ([MS-RDPEGFX] 3.1.9.1), around all graphics messages of a connection. Encoding only.
 *
 * A segment is up to 65,535 bytes. Its matches reach back 2,500,000 bytes, over the segments before it, which the client
 * keeps as well. So each segment of a connection must go through here and be sent, in this order, stored ones too.
 */
#pragma once

#include "base/base.h"

#define KG_ZGFX_SEGMENT_MAX 65535
#define KG_ZGFX_HISTORY 2500000
#define KG_ZGFX_HASH_BITS 15
#define KG_ZGFX_STORED 0x04	// the header of a segment that is not compressed: PACKET_COMPR_TYPE_RDP8

/* What kg_zgfx_segment() may overwrite beyond the segment's size: its header, and what is of no use of its last words. */
#define KG_ZGFX_SLACK 32

/*
 * The state of one connection: 2.8 MB, of which what is not yet used is not touched.
 * The history is kept in rounds: a segment that would not fit at the end of bytes begins again at their start. What it does
 * not reach still holds the round before, so that always KG_ZGFX_HISTORY bytes are there. Places in the stream are counted
 * modulo 2^32. A candidate is compared before it is used, so that one from 2^32 bytes ago does no harm.
 */
struct kg_zgfx {
	uint32_t position;		// of the next segment in the stream
	uint32_t offset;		// of it in bytes
	uint32_t before;		// size of the round before; 0: this is the first
	uint32_t candidates[1 << KG_ZGFX_HASH_BITS];	// the last position of five bytes, by their hash
	uint8_t bytes[KG_ZGFX_HISTORY + 2 * KG_ZGFX_SEGMENT_MAX];
};

/* As after connecting: an empty history. */
void kg_zgfx_init(struct kg_zgfx *zgfx);

/* Where the caller puts the bytes of the next segment: room for KG_ZGFX_SEGMENT_MAX. Valid until kg_zgfx_segment(). */
uint8_t *kg_zgfx_room(struct kg_zgfx *zgfx);

/*
 * Writes the segment of the size bytes in that room, 1 to KG_ZGFX_SEGMENT_MAX, as RDP8_BULK_ENCODED_DATA (2.2.5.3):
 * compressed where that saves a sixteenth or more, else stored. Returns its size, at most 1 + size. Up to
 * size + KG_ZGFX_SLACK bytes of to may be overwritten.
 */
size_t kg_zgfx_segment(struct kg_zgfx *zgfx, size_t size, uint8_t *to);
