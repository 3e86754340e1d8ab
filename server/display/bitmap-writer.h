/*
 * Writes bitmap updates for clients without the graphics pipeline: records of struct kg_view_bitmap, each with its data.
 * Planar with an alpha plane, which every client of 32 bits per pixel knows, or the raw pixels where that is larger. Pure.
 */
#pragma once

#include "base/rect.h"
#include "base/writer.h"
#include "codec/codec.h"

/*
 * The most bytes of data in one record: three planes of a 64x64 tile that nothing can be saved of (a control byte for each
 * 15 values: 4416 bytes), and a constant one. Every client takes updates of 16 KiB: no record need ever be cut.
 */
#define KG_BITMAP_DATA_MAX 14336

/* The most bytes that kg_bitmap_write() writes for one tile. */
size_t kg_bitmap_bound(void);

/* Writes the tile that covers rect of the screen. tile: its pixels, in memory of a whole tile (all 64 x 64 may be read). */
void kg_bitmap_write(struct kg_writer *writer, const struct kg_dsp *dsp, const uint8_t *tile, size_t stride,
		     struct kg_rect rect, void *scratch);

/* Head of a surface record whose size bytes of data, a RemoteFX message, follow. */
void kg_surface_record(struct kg_writer *writer, struct kg_rect rect, uint32_t size);

/* The size of the record that begins at record, with its data; of bitmaps, and of surfaces. */
size_t kg_bitmap_record_size(const uint8_t *record);
size_t kg_surface_record_size(const uint8_t *record);
