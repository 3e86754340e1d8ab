/* Reads recordings, which may come from anybody: every number is checked before it is used. */
#include "bench/workload/kgw.h"

#include "base/cursor.h"
#include "base/reader.h"
#include "bench/workload/kgw-format.h"

#include <sys/stat.h>
#include <zstd.h>

struct kg_kgw_reader {
	int fd;
	uint32_t width, height, frames;
	uint64_t length_us;
	uint64_t end;			// where the frames end and the index begins
	uint64_t *at, *times_us;
	ZSTD_DCtx *zstd;
	uint8_t *body, *packed;		// of the last frame read
	int64_t shown;			// frame that the pixels are, or -1
	struct kg_cursor cursor;
	uint8_t *cursor_pixels;
	bool cursor_changed;		// by the last read
};

static int read_all(int fd, uint8_t *bytes, size_t size, uint64_t at)
{
	while (size) {
		ssize_t n = pread(fd, bytes, size, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return -EBADMSG;
		bytes += n;
		size -= (size_t)n;
		at += (uint64_t)n;
	}
	return 0;
}

static int refuse(const char **ret_why, const char *why)
{
	*ret_why = why;
	return -EBADMSG;
}

/* ---- opening ---- */

static int read_header(struct kg_kgw_reader *reader, uint64_t file_size, const char **ret_why)
{
	uint8_t bytes[KG_KGW_HEADER_SIZE];
	struct kg_reader from = kg_reader_of(bytes, sizeof(bytes));
	uint32_t tile;

	if (file_size < sizeof(bytes) || read_all(reader->fd, bytes, sizeof(bytes), 0) < 0 ||
	    memcmp(kg_read_bytes(&from, 8), KG_KGW_MAGIC, 8))
		return refuse(ret_why, "it is no recording (.kgw)");
	reader->width = kg_read_u16(&from);
	reader->height = kg_read_u16(&from);
	tile = kg_read_u32(&from);
	reader->frames = kg_read_u32(&from);
	kg_read_skip(&from, 4);
	reader->end = kg_read_u64(&from);
	reader->length_us = kg_read_u64(&from);
	if (!reader->width || !reader->height || reader->width > KG_DESKTOP_SIZE_MAX ||
	    reader->height > KG_DESKTOP_SIZE_MAX || tile != KG_KGW_TILE)
		return refuse(ret_why, "its pictures have a size that cannot be");
	if (!reader->end)
		return refuse(ret_why, "the recording was not finished");
	if (!reader->frames || reader->frames > KG_KGW_FRAMES_MAX)
		return refuse(ret_why, "it has no frames, or more than can be");
	if (reader->end < sizeof(bytes) || reader->end > file_size ||
	    file_size - reader->end < (uint64_t)reader->frames * KG_KGW_INDEX_SIZE)
		return refuse(ret_why, "it ends too early: its index is cut off");
	return 0;
}

static int read_index(struct kg_kgw_reader *reader, const char **ret_why)
{
	size_t size = (size_t)reader->frames * KG_KGW_INDEX_SIZE;
	uint8_t *bytes = malloc(size);
	struct kg_reader from = kg_reader_of(bytes, size);
	uint64_t least = KG_KGW_HEADER_SIZE;
	int r = -ENOMEM;

	reader->at = calloc(reader->frames, sizeof(*reader->at));
	reader->times_us = calloc(reader->frames, sizeof(*reader->times_us));
	if (bytes && reader->at && reader->times_us)
		r = read_all(reader->fd, bytes, size, reader->end);
	for (uint32_t i = 0; r == 0 && i < reader->frames; i++) {
		uint64_t at = reader->at[i] = kg_read_u64(&from), time_us = reader->times_us[i] = kg_read_u64(&from);

		if (!i && (!(at & KG_KGW_WHOLE) || time_us))
			r = refuse(ret_why, "its first frame is not one to begin with");
		else if ((at & ~KG_KGW_WHOLE) < least || (at & ~KG_KGW_WHOLE) >= reader->end ||
			 (i && time_us <= reader->times_us[i - 1]))
			r = refuse(ret_why, "its index is wrong");
		least = (at & ~KG_KGW_WHOLE) + 1;
	}
	free(bytes);
	if (r == 0 && reader->length_us <= reader->times_us[reader->frames - 1])
		r = refuse(ret_why, "its length is wrong");
	return r;
}

int kg_kgw_reader_new(struct kg_kgw_reader **ret, int fd, const char **ret_why)
{
	struct kg_kgw_reader *reader = calloc(1, sizeof(*reader));
	struct stat file;
	int r = -ENOMEM;

	*ret_why = "it cannot be read, or there is no memory";
	if (!reader)
		return -ENOMEM;
	reader->fd = fd;
	reader->shown = -1;
	reader->zstd = ZSTD_createDCtx();
	if (!reader->zstd)
		goto fail;
	r = KG_SYS(fstat(fd, &file));
	if (r == 0)
		r = read_header(reader, (uint64_t)KG_MAX(file.st_size, (off_t)0), ret_why);
	if (r == 0)
		r = read_index(reader, ret_why);
	if (r < 0)
		goto fail;
	*ret = reader;
	return 0;

fail:
	kg_kgw_reader_free(reader);
	return r;
}

void kg_kgw_reader_free(struct kg_kgw_reader *reader)
{
	if (!reader)
		return;
	ZSTD_freeDCtx(reader->zstd);
	free(reader->at);
	free(reader->times_us);
	free(reader->body);
	free(reader->packed);
	free(reader->cursor_pixels);
	free(reader);
}

void kg_kgw_size(const struct kg_kgw_reader *reader, uint32_t *ret_width, uint32_t *ret_height)
{
	*ret_width = reader->width;
	*ret_height = reader->height;
}

uint32_t kg_kgw_frames(const struct kg_kgw_reader *reader)
{
	return reader->frames;
}

const uint64_t *kg_kgw_times_us(const struct kg_kgw_reader *reader)
{
	return reader->times_us;
}

uint64_t kg_kgw_length_us(const struct kg_kgw_reader *reader)
{
	return reader->length_us;
}

bool kg_kgw_cursor(const struct kg_kgw_reader *reader, struct kg_cursor *ret)
{
	*ret = reader->cursor;
	return reader->cursor_changed;
}

void kg_kgw_forget(struct kg_kgw_reader *reader)
{
	reader->shown = -1;
}

/* ---- one frame ---- */

/* Where a frame ends at the latest. */
static uint64_t end_of(const struct kg_kgw_reader *reader, uint32_t number)
{
	return number + 1 < reader->frames ? reader->at[number + 1] & ~KG_KGW_WHOLE : reader->end;
}

/* The unpacked body of a frame, in reader->body. */
static int unpack(struct kg_kgw_reader *reader, uint32_t number, size_t *ret_size, const char **ret_why)
{
	uint64_t at = reader->at[number] & ~KG_KGW_WHOLE, room = end_of(reader, number) - at;
	uint8_t head[8];
	struct kg_reader from = kg_reader_of(head, sizeof(head));
	uint32_t packed_size, body_size;
	size_t size;
	int r;

	if (room < sizeof(head))
		return refuse(ret_why, "a frame is cut off");
	*ret_why = "it cannot be read, or there is no memory";
	r = read_all(reader->fd, head, sizeof(head), at);
	if (r < 0)
		return r;
	packed_size = kg_read_u32(&from);
	body_size = kg_read_u32(&from);
	if (packed_size < 4 || packed_size - 4 > room - sizeof(head))
		return refuse(ret_why, "a frame is cut off");
	if (body_size > kg_kgw_body_max(reader->width, reader->height))
		return refuse(ret_why, "a frame is larger than it can be");
	packed_size -= 4;
	free(reader->body);
	free(reader->packed);
	reader->packed = malloc(packed_size + (size_t)1);
	reader->body = malloc(body_size + (size_t)1);
	if (!reader->packed || !reader->body)
		return -ENOMEM;
	r = read_all(reader->fd, reader->packed, packed_size, at + sizeof(head));
	if (r < 0)
		return r;
	size = ZSTD_decompressDCtx(reader->zstd, reader->body, body_size, reader->packed, packed_size);
	if (ZSTD_isError(size) || size != body_size)
		return refuse(ret_why, "a frame is damaged");
	*ret_size = size;
	return 0;
}

static bool take_damage(const struct kg_kgw_reader *reader, struct kg_reader *from, struct kg_region *damage)
{
	struct kg_rect all = kg_rect_of_size(reader->width, reader->height);

	for (uint32_t count = kg_read_u8(from); count; count--) {
		struct kg_rect rect;

		rect.left = kg_read_u16(from);
		rect.top = kg_read_u16(from);
		rect.right = kg_read_u16(from);
		rect.bottom = kg_read_u16(from);
		if (!kg_reader_ok(from) || kg_rect_empty(rect) || rect.right > all.right || rect.bottom > all.bottom)
			return false;
		kg_region_add(damage, rect);
	}
	return true;
}

static bool same_cursor(const struct kg_cursor *a, const struct kg_cursor *b, size_t size)
{
	return a->width == b->width && a->height == b->height && a->hot_x == b->hot_x && a->hot_y == b->hot_y &&
	       (!size || !memcmp(a->pixels, b->pixels, size));
}

/* 0, -EBADMSG or -ENOMEM. */
static int take_cursor(struct kg_kgw_reader *reader, struct kg_reader *from)
{
	struct kg_cursor cursor = { 0 };
	uint8_t *copy = NULL;
	size_t size;

	if (!kg_read_u8(from))
		return 0;
	cursor.width = kg_read_u16(from);
	cursor.height = kg_read_u16(from);
	cursor.hot_x = kg_read_u16(from);
	cursor.hot_y = kg_read_u16(from);
	if (cursor.width > KG_CURSOR_SIZE_MAX || cursor.height > KG_CURSOR_SIZE_MAX)
		return -EBADMSG;
	size = (size_t)cursor.width * cursor.height * 4;
	cursor.pixels = kg_read_bytes(from, size);
	if (!kg_reader_ok(from) || (size && (cursor.hot_x >= cursor.width || cursor.hot_y >= cursor.height)))
		return -EBADMSG;
	if (same_cursor(&cursor, &reader->cursor, size))	// frames that depend on none repeat it
		return 0;
	if (size) {
		copy = malloc(size);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, cursor.pixels, size);
	}
	reader->cursor_changed = true;
	free(reader->cursor_pixels);
	reader->cursor_pixels = copy;
	reader->cursor = cursor;
	reader->cursor.pixels = copy;
	return 0;
}

static void put_tile(struct kg_rect tile, enum kg_kgw_way way, const uint8_t *from, uint8_t *pixels, size_t stride)
{
	for (int32_t y = tile.top; y < tile.bottom; y++) {
		uint8_t *to = pixels + (size_t)y * stride + (size_t)tile.left * 4;

		for (int32_t x = tile.left; x < tile.right; x++, to += 4, from += 3) {
			for (int k = 0; k < 3; k++)
				to[k] = way == KG_KGW_XOR ? to[k] ^ from[k] : from[k];
			to[3] = 0xff;
		}
	}
}

/* Tiles until the body ends. A frame that depends on none has all of them, in order, as they are. */
static bool take_tiles(const struct kg_kgw_reader *reader, struct kg_reader *from, bool whole, uint8_t *pixels,
		       size_t stride)
{
	uint32_t columns = kg_kgw_tiles(reader->width), rows = kg_kgw_tiles(reader->height), count = 0;

	for (; kg_reader_left(from); count++) {
		uint32_t column = kg_read_u16(from), row = kg_read_u16(from), way = kg_read_u8(from);
		struct kg_rect tile;
		const uint8_t *bytes;

		if (!kg_reader_ok(from) || column >= columns || row >= rows || way > KG_KGW_XOR ||
		    (whole && (way != KG_KGW_PLAIN || row * columns + column != count)))
			return false;
		tile = kg_kgw_tile_rect(column, row, reader->width, reader->height);
		bytes = kg_read_bytes(from, (size_t)kg_rect_width(tile) * kg_rect_height(tile) * 3);
		if (!bytes)
			return false;
		put_tile(tile, (enum kg_kgw_way)way, bytes, pixels, stride);
	}
	return !whole || count == columns * rows;
}

/* The pixels are the frame before this one, or anything where it depends on none. */
static int read_frame(struct kg_kgw_reader *reader, uint32_t number, uint8_t *pixels, size_t stride,
		      struct kg_region *damage, const char **ret_why)
{
	bool whole = reader->at[number] & KG_KGW_WHOLE;
	struct kg_reader from;
	size_t size;
	int r = unpack(reader, number, &size, ret_why);

	if (r < 0)
		return r;
	from = kg_reader_of(reader->body, size);
	if (!take_damage(reader, &from, damage))
		return refuse(ret_why, "a frame has damage outside of its picture");
	r = take_cursor(reader, &from);
	if (r == -EBADMSG)
		return refuse(ret_why, "a frame has a pointer that cannot be");
	if (r == 0 && !take_tiles(reader, &from, whole, pixels, stride))
		return refuse(ret_why, "a frame has wrong tiles");
	return r;
}

int kg_kgw_read(struct kg_kgw_reader *reader, uint32_t number, uint8_t *pixels, size_t stride,
		struct kg_region *ret_damage, const char **ret_why)
{
	int64_t next = number;
	int r = 0;

	reader->cursor_changed = false;
	kg_region_clear(ret_damage);
	if (number >= reader->frames)
		return -EINVAL;
	if (reader->shown == number)
		return 0;
	while (!(reader->at[next] & KG_KGW_WHOLE) && next != reader->shown + 1)
		next--;
	/* Frames were left out, or the pixels are none yet. */
	if (next != reader->shown + 1 || reader->shown < 0)
		kg_region_add(ret_damage, kg_rect_of_size(reader->width, reader->height));
	for (; r == 0 && next <= number; next++)
		r = read_frame(reader, (uint32_t)next, pixels, stride, ret_damage, ret_why);
	reader->shown = r == 0 ? (int64_t)number : -1;
	return r;
}
