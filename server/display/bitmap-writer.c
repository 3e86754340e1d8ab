/* Bitmap updates. */
#include "server/display/bitmap-writer.h"

#include "server/control/view-messages.h"

#include <assert.h>

size_t kg_bitmap_bound(void)
{
	/* The raw form is used only where it is smaller. */
	return sizeof(struct kg_view_bitmap) + kg_planar_bound(KG_TILE, KG_TILE, KG_PLANAR_ALPHA | KG_PLANAR_BOTTOM_UP);
}

void kg_bitmap_write(struct kg_writer *writer, const struct kg_dsp *dsp, const uint8_t *tile, size_t stride,
		     struct kg_rect rect, void *scratch)
{
	uint32_t height = kg_rect_height(rect), data_width = (kg_rect_width(rect) + 3) & ~3u;
	size_t raw = (size_t)data_width * height * 4, length;
	const struct kg_image image = { .pixels = tile, .width = data_width, .height = height, .stride = stride };
	uint8_t *head = kg_write_space(writer, sizeof(struct kg_view_bitmap));
	struct kg_view_bitmap bitmap = {
		.left = (uint16_t)rect.left,
		.top = (uint16_t)rect.top,
		.width = (uint16_t)kg_rect_width(rect),
		.height = (uint16_t)height,
		.data_width = (uint16_t)data_width,
	};

	assert(head);
	length = kg_planar_encode(dsp, &image, KG_PLANAR_ALPHA | KG_PLANAR_BOTTOM_UP, writer->at, kg_writer_room(writer),
				  scratch);
	assert(length);
	bitmap.compressed = length < raw;
	if (bitmap.compressed) {
		kg_write_space(writer, length);
	} else {
		length = raw;
		for (uint32_t y = height; y-- > 0;)
			kg_write_bytes(writer, tile + y * stride, (size_t)data_width * 4);
	}
	assert(length <= KG_BITMAP_DATA_MAX);
	bitmap.length = (uint32_t)length;
	memcpy(head, &bitmap, sizeof(bitmap));
}

size_t kg_bitmap_record_size(const uint8_t *record)
{
	struct kg_view_bitmap bitmap;

	memcpy(&bitmap, record, sizeof(bitmap));
	return sizeof(bitmap) + bitmap.length;
}

void kg_surface_record(struct kg_writer *writer, struct kg_rect rect, uint32_t size)
{
	const struct kg_view_surface surface = {
		.left = (uint16_t)rect.left,
		.top = (uint16_t)rect.top,
		.width = (uint16_t)kg_rect_width(rect),
		.height = (uint16_t)kg_rect_height(rect),
		.length = size,
	};

	kg_write_bytes(writer, &surface, sizeof(surface));
}

size_t kg_surface_record_size(const uint8_t *record)
{
	struct kg_view_surface surface;

	memcpy(&surface, record, sizeof(surface));
	return sizeof(surface) + surface.length;
}
