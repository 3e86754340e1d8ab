/* Reads slices of the bitmap path (server/control/view-messages.h): pure. A hostile desktop wrote them, and may go on writing. */
#pragma once

#include "base/reader.h"
#include "server/control/view-messages.h"

/* Bytes of one row of raw pixels. */
static inline uint32_t kg_bitmap_row(const struct kg_view_bitmap *bitmap)
{
	return bitmap->data_width * 4u;
}

/*
 * The next record, on a desktop of width x height as the client sees it: 1 with a record that is not empty, lies on the
 * desktop, and whose data of ret->length bytes are in the slice, for raw pixels all rows; 0 at the end; -ENODATA when less
 * than a record is left, -EPROTO when its values are wrong. What data points to may change until it is copied.
 */
int kg_bitmap_read(struct kg_reader *reader, uint16_t width, uint16_t height, struct kg_view_bitmap *ret,
		   const uint8_t **ret_data);

/* The same for a slice of surfaces. The data are not looked at, but never none. */
int kg_surface_read(struct kg_reader *reader, uint16_t width, uint16_t height, struct kg_view_surface *ret,
		    const uint8_t **ret_data);
