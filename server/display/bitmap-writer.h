/*
 * Writes bitmap updates for clients without the graphics pipeline: records of struct kg_view_bitmap, each with its data.
 * Planar with an alpha plane, which every client of 32 bits per pixel knows, or the raw pixels where that is larger. Pure.
 */
#pragma once

#include "base/rect.h"
#include "base/writer.h"
#include "codec/codec.h"

/* What the session and the protocol put in front of the data of one record, at most ([MS-RDPBCGR] 2.2.9.1.1.3.1.2.2). */
#define KG_BITMAP_HEADERS 64

/* The most bytes that kg_bitmap_write() writes for one tile. */
size_t kg_bitmap_bound(void);

/*
 * Writes the tile that covers rect of the screen. tile: its pixels in memory of whole tiles (64 x 64 may be read).
 * Each record and its headers are at most size_max bytes (KG_BITMAP_SIZE_MIN or more): a tile that is larger is halved.
 */
#define KG_BITMAP_SIZE_MIN 16384
void kg_bitmap_write(struct kg_writer *writer, const struct kg_dsp *dsp, const uint8_t *tile, size_t stride,
		     struct kg_rect rect, size_t size_max, void *scratch);

/* The size of the record that begins at record, with its data. */
size_t kg_bitmap_record_size(const uint8_t *record);
