/* The small things everybody uses: numbers, bytes, ids, frames. */
#include "base/frame.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/reader.h"
#include "base/writer.h"
#include "tests/tap.h"

#include <fcntl.h>

static void test_numbers(void)
{
	size_t n;
	int i = 0;

	ok(KG_MAX(1, KG_MIN(5, KG_MAX(2, 3))) == 3 && KG_MIN(i++, 7) == 0 && i == 1,
	   "minimum and maximum nest, and look at each argument once");
	ok(kg_mul_overflows(SIZE_MAX / 2, 3, &n) && !kg_mul_overflows(3, 4, &n) && n == 12, "products are checked");
	ok(kg_add_overflows(SIZE_MAX, 1, &n) && !kg_add_overflows(SIZE_MAX, 0, &n) && n == SIZE_MAX, "sums are checked");
	ok(KG_SYS(open("/nonexistent/x", O_RDONLY)) == -ENOENT && KG_SYS(getpid()) == getpid(),
	   "a system call's error is a negative errno");
	ok(kg_close(-1) == -1, "no descriptor is closed for -1");
}

static void test_reader_writer(void)
{
	uint8_t bytes[24];
	struct kg_writer writer = kg_writer_of(bytes, sizeof(bytes));
	struct kg_reader reader, part;

	kg_write_u8(&writer, 0x01);
	kg_write_u16(&writer, 0x0302);
	kg_write_u32(&writer, 0x07060504);
	kg_write_u64(&writer, 0x0f0e0d0c0b0a0908);
	kg_write_bytes(&writer, "xyz", 3);
	kg_write_zeros(&writer, 2);
	ok(kg_writer_ok(&writer) && kg_writer_size(&writer) == 20 && kg_writer_room(&writer) == 4, "bytes are written");
	ok(bytes[0] == 1 && bytes[1] == 2 && bytes[14] == 15 && bytes[19] == 0, "little-endian");
	kg_write_u32(&writer, 1);
	kg_write_u8(&writer, 1);
	ok(!kg_writer_ok(&writer) && kg_writer_size(&writer) == 24 && kg_writer_room(&writer) == 0,
	   "a write beyond the end writes nothing and fails");
	ok(!kg_write_space(&writer, 0) || !kg_writer_ok(&writer), "and it stays failed");

	reader = kg_reader_of(bytes, 20);
	ok(kg_read_u8(&reader) == 1 && kg_read_u16(&reader) == 0x0302 && kg_read_u32(&reader) == 0x07060504 &&
		   kg_read_u64(&reader) == 0x0f0e0d0c0b0a0908,
	   "what was written is read");
	part = kg_read_part(&reader, 3);
	ok(kg_reader_left(&part) == 3 && !memcmp(kg_read_bytes(&part, 3), "xyz", 3) && kg_reader_ok(&part) &&
		   !kg_read_bytes(&part, 1) && !kg_reader_ok(&part) && kg_reader_ok(&reader),
	   "a part ends by itself");
	kg_read_skip(&reader, 1);
	ok(kg_read_u16(&reader) == 0 && !kg_reader_ok(&reader) && kg_read_u8(&reader) == 0,
	   "a read beyond the end gives zeros, and so do all after it");
	part = kg_read_part(&reader, 0);
	ok(!kg_reader_ok(&part), "a part of a failed reader has failed");
	reader = kg_reader_of(NULL, 0);
	ok(kg_reader_left(&reader) == 0 && kg_read_u64(&reader) == 0 && !kg_reader_ok(&reader), "no bytes are no bytes");
	reader = kg_reader_of(bytes, 4);
	ok(!kg_read_bytes(&reader, SIZE_MAX) && !kg_reader_ok(&reader), "a size beyond all memory fails");
}

static void test_id(void)
{
	static const char *const wrong[] = { "",
					     "0123",
					     "01234567-89ab-4cde-8f01-23456789abc",
					     "01234567-89ab-4cde-8f01-23456789abcde",
					     "0123456789ab-4cde-8f01-23456789abcd",
					     "01234567-89ab-4cde-8f01-23456789abc ",
					     "01234567-89ab-4cde-8f01_23456789abcd",
					     "g1234567-89ab-4cde-8f01-23456789abcd",
					     "{1234567-89ab-4cde-8f01-23456789abcd" };
	struct kg_id a, b = { .bytes = { 1 } }, c;
	char text[KG_ID_TEXT_SIZE];
	bool round = true, version = true;

	for (int i = 0; i < 100; i++) {
		round &= kg_id_random(&a) == 0;
		kg_id_format(&a, text);
		round &= strlen(text) == 36 && kg_id_parse(text, &b) && kg_id_equal(&a, &b);
		version &= text[14] == '4' && strchr("89ab", text[19]);
	}
	ok(round, "an id's text is read as the same id");
	ok(version, "random ids are UUIDs of version 4");
	kg_id_random(&b);
	ok(!kg_id_equal(&a, &b), "and differ");
	ok(kg_id_parse("01234567-89AB-4cde-8f01-23456789abCD", &a) && a.bytes[0] == 1 && a.bytes[4] == 0x89 &&
		   a.bytes[15] == 0xcd,
	   "capital digits are read");
	kg_id_format(&a, text);
	ok(!strcmp(text, "01234567-89ab-4cde-8f01-23456789abcd"), "and written small");
	c = a;
	for (size_t i = 0; i < KG_ARRAY_SIZE(wrong); i++)
		ok(!kg_id_parse(wrong[i], &a) && kg_id_equal(&a, &c), "\"%s\" is no id, and changes none", wrong[i]);
}

static unsigned released;

static void release(struct kg_frame *frame)
{
	released++;
	*(struct kg_frame **)frame->owner = NULL;
}

static void test_frame(void)
{
	static const struct {
		uint32_t width, height, stride;
		bool right;
	} cases[] = {
		{ 1, 1, 4, true },
		{ KG_DESKTOP_SIZE_MAX, KG_DESKTOP_SIZE_MAX, KG_DESKTOP_SIZE_MAX * 4, true },
		{ 3, 2, 16, true },
		{ 0, 1, 4, false },
		{ 1, 0, 4, false },
		{ 3, 1, 11, false },
		{ KG_DESKTOP_SIZE_MAX + 1, 1, UINT32_MAX, false },
		{ 1, KG_DESKTOP_SIZE_MAX + 1, 4, false },
		{ 0x40000001, 1, 4, false },
	};
	struct kg_frame frame, *held = &frame;
	uint8_t pixels[4];

	for (size_t i = 0; i < KG_ARRAY_SIZE(cases); i++)
		ok((kg_frame_init(&frame, cases[i].width, cases[i].height, cases[i].stride, pixels, release, NULL) == 0) ==
			   cases[i].right,
		   "a frame of %u x %u, %u bytes a row, is %s", cases[i].width, cases[i].height, cases[i].stride,
		   cases[i].right ? "made" : "refused");
	ok(kg_frame_init(&frame, 1, 1, 4, NULL, release, NULL) == -EINVAL, "one without pixels is refused");

	kg_frame_init(&frame, 1, 1, 4, pixels, release, &held);
	ok(kg_region_empty(&frame.damage), "a new frame has no damage");
	ok(kg_frame_ref(&frame) == &frame, "a frame is held twice");
	kg_frame_unref(&frame);
	ok(released == 0 && held, "dropping one reference keeps it");
	kg_frame_unref(&frame);
	ok(released == 1 && !held, "dropping the last releases it, once");
	kg_frame_unref(NULL);
}

int main(void)
{
	test_numbers();
	test_reader_writer();
	test_id();
	test_frame();
	return tap_end();
}
