/* Bitmap updates. */
#include "server/display/bitmap-writer.h"

#include "server/control/view-messages.h"

#include <assert.h>

#define RAW_TILE (KG_TILE * KG_TILE * 4)

size_t kg_bitmap_bound(void)
{
	/* The planar form of the whole tile or of a half is written before it is known to be too large. */
	return 2 * sizeof(struct kg_view_bitmap) + RAW_TILE +
	       kg_planar_bound(KG_TILE, KG_TILE, KG_PLANAR_ALPHA | KG_PLANAR_BOTTOM_UP);
}

static void write_head(uint8_t *at, struct kg_rect rect, uint32_t data_width, bool compressed, size_t length)
{
	struct kg_view_bitmap bitmap = {
		.left = (uint16_t)rect.left,
		.top = (uint16_t)rect.top,
		.width = (uint16_t)kg_rect_width(rect),
		.height = (uint16_t)kg_rect_height(rect),
		.data_width = (uint16_t)data_width,
		.compressed = compressed,
		.length = (uint32_t)length,
	};

	memcpy(at, &bitmap, sizeof(bitmap));
}

/* Writes one record; false, and nothing, when it would be longer than data_max. */
static bool write_record(struct kg_writer *writer, const struct kg_dsp *dsp, const uint8_t *pixels, size_t stride,
			 struct kg_rect rect, size_t data_max, void *scratch)
{
	struct kg_writer start = *writer;
	uint32_t height = kg_rect_height(rect), data_width = (kg_rect_width(rect) + 3) & ~3u;
	size_t raw = (size_t)data_width * height * 4, length;
	const struct kg_image image = { .pixels = pixels, .width = data_width, .height = height, .stride = stride };
	uint8_t *head = kg_write_space(writer, sizeof(struct kg_view_bitmap));

	assert(head);
	length = kg_planar_encode(dsp, &image, KG_PLANAR_ALPHA | KG_PLANAR_BOTTOM_UP, writer->at, kg_writer_room(writer),
				  scratch);
	assert(length);
	if (length < raw && length <= data_max) {
		write_head(head, rect, data_width, true, length);
		kg_write_space(writer, length);
		return true;
	}
	if (raw > data_max) {
		*writer = start;
		return false;
	}
	write_head(head, rect, data_width, false, raw);
	for (uint32_t y = height; y-- > 0;)
		kg_write_bytes(writer, pixels + y * stride, (size_t)data_width * 4);
	return true;
}

void kg_bitmap_write(struct kg_writer *writer, const struct kg_dsp *dsp, const uint8_t *tile, size_t stride,
		     struct kg_rect rect, size_t size_max, void *scratch)
{
	size_t data_max = size_max - KG_BITMAP_HEADERS;
	struct kg_rect upper = rect, lower = rect;
	bool written;

	assert(size_max >= KG_BITMAP_SIZE_MIN);
	if (write_record(writer, dsp, tile, stride, rect, data_max, scratch))
		return;
	upper.bottom = lower.top = rect.top + KG_TILE / 2;
	written = write_record(writer, dsp, tile, stride, upper, data_max, scratch) &&
		  write_record(writer, dsp, tile + KG_TILE / 2 * stride, stride, lower, data_max, scratch);
	assert(written);
	(void)written;
}

size_t kg_bitmap_record_size(const uint8_t *record)
{
	struct kg_view_bitmap bitmap;

	memcpy(&bitmap, record, sizeof(bitmap));
	return sizeof(bitmap) + bitmap.length;
}
