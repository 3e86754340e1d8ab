/*
 * Target: what a session lets through of a slice of bitmaps. Four bytes are the size of the desktop, the rest is the slice.
 * Every record must lie on the desktop and have its data in the slice.
 */
#include "tests/fuzz/fuzz.h"

#include "server/session/bitmap-reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct kg_reader reader = kg_reader_of(bytes, size);
	uint16_t width = kg_read_u16(&reader), height = kg_read_u16(&reader);
	struct kg_view_bitmap record;
	const uint8_t *data;
	unsigned sum = 0;
	int r;

	if (!kg_reader_ok(&reader))
		return 0;
	while ((r = kg_bitmap_read(&reader, width, height, &record, &data)) > 0) {
		if (!record.width || !record.height || record.left + record.width > width ||
		    record.top + record.height > height || record.data_width < record.width)
			abort();
		if (data < bytes || record.length > (size_t)(bytes + size - data))
			abort();
		if (!record.compressed && record.length != (uint64_t)kg_bitmap_row(&record) * record.height)
			abort();
		for (uint32_t i = 0; i < record.length; i++)
			sum += data[i];
	}
	if (r == 0 ? kg_reader_left(&reader) != 0 : r != -ENODATA && r != -EPROTO)
		abort();
	__asm__ volatile("" : : "r"(sum));	// every byte was read
	return 0;
}
