/* Writes recordings: of each frame the tiles that differ, then the index. */
#include "bench/workload/kgw.h"

#include "base/cursor.h"
#include "base/writer.h"
#include "bench/workload/kgw-format.h"

#include <zstd.h>

#define LEVEL 1			// a 1080p frame of nothing but new pixels takes 15 ms
#define WHOLE_EVERY 120		// frames

struct entry {
	uint64_t at, time_us;
};

struct kg_kgw_writer {
	int fd;
	uint32_t width, height;
	ZSTD_CCtx *zstd;
	uint8_t *before;	// the last frame: B, G, R, without gaps
	uint8_t *body, *packed;
	size_t body_max, packed_max;
	struct entry *index;
	uint32_t frames, room;	// of the index
	uint64_t at;		// in the file
	uint64_t begun_us;
	struct kg_cursor cursor;	// the last one, for frames that depend on none
	uint8_t *cursor_pixels;
};

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
	while (size) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		size -= (size_t)n;
	}
	return 0;
}

static void put_header(struct kg_writer *to, const struct kg_kgw_writer *writer, uint64_t index, uint64_t length_us)
{
	kg_write_bytes(to, KG_KGW_MAGIC, 8);
	kg_write_u16(to, (uint16_t)writer->width);
	kg_write_u16(to, (uint16_t)writer->height);
	kg_write_u32(to, KG_KGW_TILE);
	kg_write_u32(to, index ? writer->frames : 0);
	kg_write_u32(to, 0);
	kg_write_u64(to, index);
	kg_write_u64(to, length_us);
}

int kg_kgw_writer_new(struct kg_kgw_writer **ret, int fd, uint32_t width, uint32_t height)
{
	uint8_t header[KG_KGW_HEADER_SIZE];
	struct kg_writer to = kg_writer_of(header, sizeof(header));
	struct kg_kgw_writer *writer;
	int r = -ENOMEM;

	if (!width || !height || width > KG_DESKTOP_SIZE_MAX || height > KG_DESKTOP_SIZE_MAX)
		return -EINVAL;
	writer = calloc(1, sizeof(*writer));
	if (!writer)
		return -ENOMEM;
	writer->fd = fd;
	writer->width = width;
	writer->height = height;
	writer->body_max = kg_kgw_body_max(width, height);
	writer->packed_max = ZSTD_compressBound(writer->body_max);
	writer->zstd = ZSTD_createCCtx();
	writer->before = calloc((size_t)width * height, 3);
	writer->body = malloc(writer->body_max);
	writer->packed = malloc(8 + writer->packed_max);
	if (!writer->zstd || !writer->before || !writer->body || !writer->packed ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_compressionLevel, LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_checksumFlag, 1)))
		goto fail;
	put_header(&to, writer, 0, 0);
	r = write_all(fd, header, sizeof(header));
	if (r < 0)
		goto fail;
	writer->at = sizeof(header);
	*ret = writer;
	return 0;

fail:
	kg_kgw_writer_free(writer);
	return r;
}

void kg_kgw_writer_free(struct kg_kgw_writer *writer)
{
	if (!writer)
		return;
	ZSTD_freeCCtx(writer->zstd);
	free(writer->before);
	free(writer->body);
	free(writer->packed);
	free(writer->index);
	free(writer->cursor_pixels);
	free(writer);
}

/* ---- one frame ---- */

static int keep_cursor(struct kg_kgw_writer *writer, const struct kg_cursor *cursor)
{
	size_t size = (size_t)cursor->width * cursor->height * 4;
	uint8_t *pixels = NULL;

	if (cursor->width > KG_CURSOR_SIZE_MAX || cursor->height > KG_CURSOR_SIZE_MAX)
		return -EINVAL;
	if (size) {
		pixels = malloc(size);
		if (!pixels)
			return -ENOMEM;
		memcpy(pixels, cursor->pixels, size);
	}
	free(writer->cursor_pixels);
	writer->cursor_pixels = pixels;
	writer->cursor = *cursor;
	writer->cursor.pixels = pixels;
	return 0;
}

static void put_cursor(struct kg_writer *to, const struct kg_cursor *cursor)
{
	kg_write_u16(to, cursor->width);
	kg_write_u16(to, cursor->height);
	kg_write_u16(to, cursor->hot_x);
	kg_write_u16(to, cursor->hot_y);
	kg_write_bytes(to, cursor->pixels, (size_t)cursor->width * cursor->height * 4);
}

static void put_damage(struct kg_writer *to, const struct kg_kgw_writer *writer, const struct kg_region *damage)
{
	uint8_t *count = kg_write_space(to, 1);

	*count = 0;
	for (uint32_t i = 0; i < damage->count; i++) {
		struct kg_rect rect =
			kg_rect_intersect(damage->rects[i], kg_rect_of_size(writer->width, writer->height));

		if (kg_rect_empty(rect))
			continue;
		++*count;
		kg_write_u16(to, (uint16_t)rect.left);
		kg_write_u16(to, (uint16_t)rect.top);
		kg_write_u16(to, (uint16_t)rect.right);
		kg_write_u16(to, (uint16_t)rect.bottom);
	}
}

static bool touches(const struct kg_region *damage, struct kg_rect tile)
{
	for (uint32_t i = 0; i < damage->count; i++)
		if (!kg_rect_empty(kg_rect_intersect(damage->rects[i], tile)))
			return true;
	return false;
}

/* A tile's pixels without the fourth byte, and how many differ from the frame before. */
static uint32_t take_tile(const struct kg_kgw_writer *writer, struct kg_rect tile, const uint8_t *pixels, size_t stride,
			  uint8_t *to)
{
	uint32_t differing = 0;

	for (int32_t y = tile.top; y < tile.bottom; y++) {
		const uint8_t *from = pixels + (size_t)y * stride + (size_t)tile.left * 4;
		const uint8_t *before = writer->before + ((size_t)y * writer->width + (size_t)tile.left) * 3;

		for (int32_t x = tile.left; x < tile.right; x++, from += 4, before += 3, to += 3) {
			memcpy(to, from, 3);
			differing += memcmp(to, before, 3) != 0;
		}
	}
	return differing;
}

/* What was taken becomes the frame before, and in place of the pixels stands what differs where that is asked for. */
static void keep_tile(const struct kg_kgw_writer *writer, struct kg_rect tile, uint8_t *taken, enum kg_kgw_way way)
{
	size_t row = (size_t)kg_rect_width(tile) * 3;

	for (int32_t y = tile.top; y < tile.bottom; y++, taken += row) {
		uint8_t *before = writer->before + ((size_t)y * writer->width + (size_t)tile.left) * 3;

		for (size_t i = 0; i < row; i++) {
			uint8_t now = taken[i];

			if (way == KG_KGW_XOR)
				taken[i] ^= before[i];
			before[i] = now;
		}
	}
}

static void put_tile(struct kg_writer *to, const struct kg_kgw_writer *writer, uint32_t column, uint32_t row,
		     const uint8_t *pixels, size_t stride, bool whole)
{
	struct kg_rect tile = kg_kgw_tile_rect(column, row, writer->width, writer->height);
	uint32_t count = kg_rect_width(tile) * kg_rect_height(tile), differing;
	struct kg_writer begun = *to;
	enum kg_kgw_way way;
	uint8_t *head = kg_write_space(to, 5), *taken = kg_write_space(to, (size_t)count * 3);

	differing = take_tile(writer, tile, pixels, stride, taken);
	if (!differing && !whole) {
		*to = begun;
		return;
	}
	/* Of what moved nothing is left by a difference but twice the edges. */
	way = whole || differing > count / 2 ? KG_KGW_PLAIN : KG_KGW_XOR;
	*to = begun;
	kg_write_u16(to, (uint16_t)column);
	kg_write_u16(to, (uint16_t)row);
	kg_write_u8(to, (uint8_t)way);
	to->at = head + 5 + (size_t)count * 3;
	keep_tile(writer, tile, taken, way);
}

static int append(struct kg_kgw_writer *writer, uint64_t at, uint64_t time_us)
{
	if (writer->frames == writer->room) {
		uint32_t room = writer->room ? writer->room * 2 : 1024;
		struct entry *index = realloc(writer->index, room * sizeof(*index));

		if (!index)
			return -ENOMEM;
		writer->index = index;
		writer->room = room;
	}
	writer->index[writer->frames++] = (struct entry){ at, time_us };
	return 0;
}

int kg_kgw_write(struct kg_kgw_writer *writer, const uint8_t *pixels, size_t stride, const struct kg_region *damage,
		 uint64_t time_us, const struct kg_cursor *cursor)
{
	struct kg_writer to = kg_writer_of(writer->body, writer->body_max), head = kg_writer_of(writer->packed, 8);
	bool whole = writer->frames % WHOLE_EVERY == 0;
	size_t size;
	int r;

	if (writer->frames == KG_KGW_FRAMES_MAX)
		return -EFBIG;
	r = cursor ? keep_cursor(writer, cursor) : 0;
	if (r < 0)
		return r;
	if (!writer->frames)
		writer->begun_us = time_us;
	time_us = KG_MAX(time_us, writer->begun_us) - writer->begun_us;
	if (writer->frames)
		time_us = KG_MAX(time_us, writer->index[writer->frames - 1].time_us + 1);
	put_damage(&to, writer, damage);
	kg_write_u8(&to, whole || cursor);
	if (whole || cursor)
		put_cursor(&to, &writer->cursor);
	for (uint32_t row = 0; row < kg_kgw_tiles(writer->height); row++)
		for (uint32_t column = 0; column < kg_kgw_tiles(writer->width); column++)
			if (whole || touches(damage, kg_kgw_tile_rect(column, row, writer->width, writer->height)))
				put_tile(&to, writer, column, row, pixels, stride, whole);
	size = ZSTD_compress2(writer->zstd, writer->packed + 8, writer->packed_max, writer->body, kg_writer_size(&to));
	if (ZSTD_isError(size))
		return -ENOMEM;
	kg_write_u32(&head, (uint32_t)(4 + size));
	kg_write_u32(&head, (uint32_t)kg_writer_size(&to));
	r = write_all(writer->fd, writer->packed, 8 + size);
	if (r == 0)
		r = append(writer, writer->at | (whole ? KG_KGW_WHOLE : 0), time_us);
	if (r == 0)
		writer->at += 8 + size;
	return r;
}

int kg_kgw_finish(struct kg_kgw_writer *writer, uint64_t end_us)
{
	uint8_t header[KG_KGW_HEADER_SIZE], entry[KG_KGW_INDEX_SIZE];
	struct kg_writer to = kg_writer_of(header, sizeof(header));
	uint64_t length_us = end_us > writer->begun_us ? end_us - writer->begun_us : 0;
	ssize_t n;
	int r = 0;

	if (!writer->frames)
		return -ENODATA;
	for (uint32_t i = 0; r == 0 && i < writer->frames; i++) {
		struct kg_writer one = kg_writer_of(entry, sizeof(entry));

		kg_write_u64(&one, writer->index[i].at);
		kg_write_u64(&one, writer->index[i].time_us);
		r = write_all(writer->fd, entry, sizeof(entry));
	}
	if (r < 0)
		return r;
	put_header(&to, writer, writer->at, KG_MAX(length_us, writer->index[writer->frames - 1].time_us + 1));
	n = pwrite(writer->fd, header, sizeof(header), 0);
	return n < 0 ? -errno : n == sizeof(header) ? 0 : -EIO;
}
