/* The records of slices of the bitmap path. */
#include "server/session/bitmap-reader.h"

static bool is_valid(const struct kg_view_bitmap *record, uint16_t width, uint16_t height)
{
	if (record->width == 0 || record->height == 0 || record->left + record->width > width ||
	    record->top + record->height > height)
		return false;
	if (record->data_width != (record->width + 3u) / 4 * 4 || record->compressed > 1 || record->zero != 0)
		return false;
	return record->compressed || record->length == (uint64_t)kg_bitmap_row(record) * record->height;
}

/* The next size bytes as a copy that is checked and used from here on: the ring may change. 0: nothing is left. */
static int read_record(struct kg_reader *reader, void *ret, size_t size)
{
	const uint8_t *at;

	if (!kg_reader_left(reader))
		return 0;
	at = kg_read_bytes(reader, size);
	if (!at)
		return -ENODATA;
	memcpy(ret, at, size);
	__asm__ volatile("" : : "r"(ret) : "memory");	// the compiler cannot read from the ring again in place of the copy
	return 1;
}

int kg_bitmap_read(struct kg_reader *reader, uint16_t width, uint16_t height, struct kg_view_bitmap *ret,
		   const uint8_t **ret_data)
{
	struct kg_view_bitmap record;
	const uint8_t *data;
	int r = read_record(reader, &record, sizeof(record));

	if (r <= 0)
		return r;
	data = kg_read_bytes(reader, record.length);
	if (!data || !is_valid(&record, width, height))
		return -EPROTO;
	*ret = record;
	*ret_data = data;
	return 1;
}

int kg_surface_read(struct kg_reader *reader, uint16_t width, uint16_t height, struct kg_view_surface *ret,
		    const uint8_t **ret_data)
{
	struct kg_view_surface record;
	const uint8_t *data;
	int r = read_record(reader, &record, sizeof(record));

	if (r <= 0)
		return r;
	data = kg_read_bytes(reader, record.length);
	if (!data || record.length == 0 || record.width == 0 || record.height == 0 ||
	    record.left + record.width > width || record.top + record.height > height)
		return -EPROTO;
	*ret = record;
	*ret_data = data;
	return 1;
}
