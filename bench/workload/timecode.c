/* The codes in the corner: bits as cells, the highest bit of the first byte first, with a CRC-32 at the end. */
#include "bench/workload/timecode.h"

#include "base/reader.h"
#include "base/writer.h"

#define ROW_BYTES (KG_CODE_COLUMNS / 8)
#define TIMECODE_BYTES 20
#define KEYCODE_BYTES 16
#define MARK_TIME 0xaa			// the alternating rows
#define MARK_KEY 0x55

static uint32_t checksum(const uint8_t *bytes, size_t size)	// CRC-32, the polynomial of Ethernet
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void draw_cell(uint8_t *at, size_t stride, bool white)
{
	for (size_t y = 0; y < KG_CODE_CELL; y++, at += stride)
		for (size_t x = 0; x < KG_CODE_CELL; x++) {
			memset(at + x * 4, white ? 0xff : 0, 3);
			at[x * 4 + 3] = 0xff;
		}
}

/* A row of cells, or rows; at is its top left pixel. */
static void draw_bytes(uint8_t *at, size_t stride, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size * 8; i++)
		draw_cell(at + i / KG_CODE_COLUMNS * KG_CODE_CELL * stride + i % KG_CODE_COLUMNS * KG_CODE_CELL * 4,
			  stride, bytes[i / 8] >> (7 - i % 8) & 1);
}

/* By the middle of the cell: the edges are what coarse codecs smear. */
static bool read_cell(const uint8_t *at, size_t stride)
{
	enum { FROM = KG_CODE_CELL / 4, TO = KG_CODE_CELL - FROM };
	uint32_t sum = 0;

	for (size_t y = FROM; y < TO; y++)
		for (size_t x = FROM; x < TO; x++) {
			const uint8_t *pixel = at + y * stride + x * 4;

			sum += pixel[0] + 2u * pixel[1] + pixel[2];
		}
	return sum > (TO - FROM) * (TO - FROM) * 4 * 127;
}

static void read_bytes(const uint8_t *at, size_t stride, uint8_t *bytes, size_t size)
{
	memset(bytes, 0, size);
	for (size_t i = 0; i < size * 8; i++)
		if (read_cell(at + i / KG_CODE_COLUMNS * KG_CODE_CELL * stride + i % KG_CODE_COLUMNS * KG_CODE_CELL * 4,
			      stride))
			bytes[i / 8] |= (uint8_t)(1 << (7 - i % 8));
}

/* The row of the mark, then the bytes, whose last four become the checksum. */
static void draw_code(uint8_t *pixels, size_t stride, uint32_t top, uint8_t mark, uint8_t *bytes, size_t size)
{
	const uint8_t marks[ROW_BYTES] = { mark, mark, mark, mark };
	struct kg_writer writer = kg_writer_of(bytes + size - 4, 4);

	kg_write_u32(&writer, checksum(bytes, size - 4));
	draw_bytes(pixels + top * stride, stride, marks, ROW_BYTES);
	draw_bytes(pixels + (top + KG_CODE_CELL) * stride, stride, bytes, size);
}

static bool read_code(const uint8_t *pixels, size_t stride, uint32_t top, uint8_t mark, uint8_t *bytes, size_t size)
{
	uint8_t marks[ROW_BYTES];
	struct kg_reader reader = kg_reader_of(bytes + size - 4, 4);

	/* A picture without a code is told by its first cells, at little cost. */
	read_bytes(pixels + top * stride, stride, marks, ROW_BYTES);
	for (size_t i = 0; i < ROW_BYTES; i++)
		if (marks[i] != mark)
			return false;
	read_bytes(pixels + (top + KG_CODE_CELL) * stride, stride, bytes, size);
	return kg_read_u32(&reader) == checksum(bytes, size - 4);
}

void kg_timecode_draw(uint8_t *pixels, size_t stride, const struct kg_timecode *code)
{
	uint8_t bytes[TIMECODE_BYTES];
	struct kg_writer writer = kg_writer_of(bytes, sizeof(bytes));

	kg_write_u32(&writer, code->number);
	kg_write_u64(&writer, code->drawn_us);
	kg_write_u32(&writer, code->late_us);
	draw_code(pixels, stride, KG_TIMECODE_TOP, MARK_TIME, bytes, sizeof(bytes));
}

bool kg_timecode_read(const uint8_t *pixels, size_t stride, struct kg_timecode *ret)
{
	uint8_t bytes[TIMECODE_BYTES];
	struct kg_reader reader = kg_reader_of(bytes, sizeof(bytes));

	if (!read_code(pixels, stride, KG_TIMECODE_TOP, MARK_TIME, bytes, sizeof(bytes)))
		return false;
	ret->number = kg_read_u32(&reader);
	ret->drawn_us = kg_read_u64(&reader);
	ret->late_us = kg_read_u32(&reader);
	return true;
}

void kg_keycode_draw(uint8_t *pixels, size_t stride, const struct kg_keycode *code)
{
	uint8_t bytes[KEYCODE_BYTES];
	struct kg_writer writer = kg_writer_of(bytes, sizeof(bytes));

	kg_write_u16(&writer, code->count);
	kg_write_u16(&writer, code->key);
	kg_write_u64(&writer, code->pressed_us);
	draw_code(pixels, stride, KG_KEYCODE_TOP, MARK_KEY, bytes, sizeof(bytes));
}

bool kg_keycode_read(const uint8_t *pixels, size_t stride, struct kg_keycode *ret)
{
	uint8_t bytes[KEYCODE_BYTES];
	struct kg_reader reader = kg_reader_of(bytes, sizeof(bytes));

	if (!read_code(pixels, stride, KG_KEYCODE_TOP, MARK_KEY, bytes, sizeof(bytes)))
		return false;
	ret->count = kg_read_u16(&reader);
	ret->key = kg_read_u16(&reader);
	ret->pressed_us = kg_read_u64(&reader);
	return true;
}
