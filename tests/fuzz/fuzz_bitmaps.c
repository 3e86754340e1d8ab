/*
 * Target: what a session lets through of a slice of bitmaps, and then of the same bytes as a slice of surfaces. Four bytes are
 * the size of the desktop, the rest is the slice. Every record must lie on the desktop and have its data in the slice.
 */
#include "tests/fuzz/fuzz.h"

#include "server/session/bitmap-reader.h"

static unsigned sum;

static void read_data(const uint8_t *bytes, size_t size, const uint8_t *data, size_t length)
{
	if (data < bytes || length > (size_t)(bytes + size - data))
		abort();
	for (size_t i = 0; i < length; i++)
		sum += data[i];
}

static void check_end(int r, const struct kg_reader *reader)
{
	if (r == 0 ? kg_reader_left(reader) != 0 : r != -ENODATA && r != -EPROTO)
		abort();
	__asm__ volatile("" : : "r"(sum));	// every byte was read
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct kg_reader reader = kg_reader_of(bytes, size), again;
	uint16_t width = kg_read_u16(&reader), height = kg_read_u16(&reader);
	struct kg_view_bitmap record;
	struct kg_view_surface surface;
	const uint8_t *data;
	int r;

	if (!kg_reader_ok(&reader))
		return 0;
	again = reader;
	while ((r = kg_bitmap_read(&reader, width, height, &record, &data)) > 0) {
		if (!record.width || !record.height || record.left + record.width > width ||
		    record.top + record.height > height || record.data_width < record.width)
			abort();
		if (!record.compressed && record.length != (uint64_t)kg_bitmap_row(&record) * record.height)
			abort();
		read_data(bytes, size, data, record.length);
	}
	check_end(r, &reader);
	while ((r = kg_surface_read(&again, width, height, &surface, &data)) > 0) {
		if (!surface.width || !surface.height || !surface.length || surface.left + surface.width > width ||
		    surface.top + surface.height > height)
			abort();
		read_data(bytes, size, data, surface.length);
	}
	check_end(r, &again);
	return 0;
}
