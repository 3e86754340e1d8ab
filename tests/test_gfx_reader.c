/* The reader of what a client says on the graphics channel. */
#include "server/session/gfx-reader.h"

#include "base/writer.h"
#include "tests/tap.h"

#define FLAGS 0x12345678u

static uint8_t bytes[80000];
static struct kg_writer out;

static void begin(void)
{
	out = kg_writer_of(bytes, sizeof(bytes));
}

static void head(uint16_t command, uint32_t size)
{
	kg_write_u16(&out, command);
	kg_write_u16(&out, 0);
	kg_write_u32(&out, size);
}

static void set(uint32_t version, uint32_t size)
{
	kg_write_u32(&out, version);
	kg_write_u32(&out, size);
	for (uint32_t i = 0; i < size / 4; i++)
		kg_write_u32(&out, FLAGS + i);
	kg_write_zeros(&out, size % 4);
}

/* One CapsAdvertise with one capability set. */
static void advertise(uint32_t version)
{
	begin();
	head(0x12, 8 + 2 + 8 + 4);
	kg_write_u16(&out, 1);
	set(version, 4);
}

static int read_one(struct kg_gfx_reader *reader, struct kg_gfx_message *message)
{
	struct kg_reader in = kg_reader_of(bytes, kg_writer_size(&out));

	return kg_gfx_read(reader, &in, message);
}

static void test_capabilities(void)
{
	static const uint32_t versions[] = {
		KG_GFX_VERSION_8, KG_GFX_VERSION_81, KG_GFX_VERSION_10, KG_GFX_VERSION_101, KG_GFX_VERSION_102,
		KG_GFX_VERSION_103, KG_GFX_VERSION_104, KG_GFX_VERSION_105, KG_GFX_VERSION_106,
		KG_GFX_VERSION_106_MISTAKEN, KG_GFX_VERSION_107,
	};
	bool right = true;

	for (size_t count = 1; count <= KG_ARRAY_SIZE(versions); count++) {
		struct kg_gfx_reader reader = { 0 };
		struct kg_gfx_message message;
		uint32_t last = versions[count - 1];

		begin();
		head(0x12, (uint32_t)(8 + 2 + count * 12 + (count > 3 ? 12 : 0)));
		kg_write_u16(&out, (uint16_t)count);
		for (size_t i = count; i-- > 0;)	// the order does not matter
			set(versions[i], versions[i] == KG_GFX_VERSION_101 ? 16 : 4);
		right &= read_one(&reader, &message) == 0 && message.what == KG_GFX_CAPABILITIES &&
			 message.capabilities.version == last &&
			 message.capabilities.flags == (last == KG_GFX_VERSION_101 ? 0 : FLAGS) && reader.version == last;
	}
	ok(right, "the highest known version is chosen, with its flags");
}

static void test_unknown_versions(void)
{
	struct kg_gfx_reader reader = { 0 };
	struct kg_gfx_message message;

	begin();
	head(0x12, 8 + 2 + (8 + 7) + 12 + 8);
	kg_write_u16(&out, 3);
	set(0x00FD0001, 7);
	set(KG_GFX_VERSION_104, 4);
	set(0xFFFFFFFF, 0);
	ok(read_one(&reader, &message) == 0 && message.capabilities.version == KG_GFX_VERSION_104,
	   "unknown versions are left over, whatever their size");
	advertise(0x000A0602);
	reader = (struct kg_gfx_reader){ 0 };
	ok(read_one(&reader, &message) == -EPROTO && reader.version == 0, "no version in common is an error");
}

static void test_reset(void)
{
	struct kg_gfx_reader reader = { 0 };
	struct kg_gfx_message message;

	advertise(KG_GFX_VERSION_102);
	read_one(&reader, &message);
	ok(read_one(&reader, &message) == -EPROTO, "a reset after version 10.2 is an error");
	reader = (struct kg_gfx_reader){ 0 };
	advertise(KG_GFX_VERSION_103);
	read_one(&reader, &message);
	ok(read_one(&reader, &message) == 0 && message.what == KG_GFX_CAPABILITIES, "a reset after version 10.3 is right");
	advertise(KG_GFX_VERSION_8);
	ok(read_one(&reader, &message) == 0 && message.capabilities.version == KG_GFX_VERSION_8,
	   "a reset may choose another version");
	ok(read_one(&reader, &message) == 0, "the first version decides whether a reset is right");
}

static void test_others(void)
{
	struct kg_gfx_reader reader = { .version = KG_GFX_VERSION_107 };
	struct kg_gfx_message message;
	struct kg_reader in;

	begin();
	head(0x0D, 20);
	kg_write_u32(&out, 7);
	kg_write_u32(&out, 8);
	kg_write_u32(&out, 9);
	head(0x16, 20);
	kg_write_u32(&out, 1);
	kg_write_u32(&out, 2);
	kg_write_u16(&out, 3);
	kg_write_u16(&out, 4);
	head(0x99, 11);
	kg_write_zeros(&out, 3);
	head(0x10, 8 + 2 + 24);
	kg_write_u16(&out, 2);
	kg_write_zeros(&out, 24);
	in = kg_reader_of(bytes, kg_writer_size(&out));
	ok(kg_gfx_read(&reader, &in, &message) == 0 && message.what == KG_GFX_ACKNOWLEDGED &&
		   message.acknowledged.queue_depth == 7 && message.acknowledged.frame == 8 && message.acknowledged.total == 9,
	   "a frame is acknowledged");
	ok(kg_gfx_read(&reader, &in, &message) == 0 && message.what == KG_GFX_QOE && message.qoe.frame == 1 &&
		   message.qoe.timestamp_ms == 2 && message.qoe.decoding_ms == 3 && message.qoe.showing_ms == 4,
	   "times of a frame are read");
	ok(kg_gfx_read(&reader, &in, &message) == 0 && message.what == KG_GFX_UNKNOWN, "an unknown message is left over");
	ok(kg_gfx_read(&reader, &in, &message) == 0 && message.what == KG_GFX_IMPORT_OFFER && message.imports == 2,
	   "an offer of cache entries is counted");
	ok(kg_gfx_read(&reader, &in, &message) == 0 && message.what == KG_GFX_NONE,
	   "several messages in one are read to the end");
}

static void test_malformed(void)
{
	struct kg_gfx_reader none = { 0 }, open = { .version = KG_GFX_VERSION_107 };
	struct kg_gfx_message message;
	bool right = true;
	size_t whole;

	begin();
	head(0x0D, 20);
	kg_write_zeros(&out, 12);
	ok(read_one(&none, &message) == -EPROTO, "nothing may come before the first capabilities");
	begin();
	head(0x0D, 7);
	ok(read_one(&open, &message) == -EPROTO, "a size below that of the header is an error");
	begin();
	head(0x10, 8 + 2 + 12);
	kg_write_u16(&out, 2);
	kg_write_zeros(&out, 12);
	ok(read_one(&open, &message) == -EPROTO, "an offer with fewer entries than it says is an error");
	begin();
	head(0x10, 8 + 2 + 5462 * 12);
	kg_write_u16(&out, 5462);
	kg_write_zeros(&out, 5462 * 12);
	ok(read_one(&open, &message) == -EPROTO, "an offer with too many entries is an error");
	begin();
	head(0x12, 8 + 2 + 8 + 3);
	kg_write_u16(&out, 1);
	set(KG_GFX_VERSION_107, 3);
	ok(read_one(&none, &message) == -EPROTO, "a known version without its flags is an error");
	advertise(KG_GFX_VERSION_107);
	whole = kg_writer_size(&out);
	for (size_t size = 1; size < whole; size++) {
		struct kg_reader in = kg_reader_of(bytes, size);

		none = (struct kg_gfx_reader){ 0 };
		right &= kg_gfx_read(&none, &in, &message) == -EPROTO && none.version == 0;
	}
	ok(right, "a message that is cut anywhere is an error and changes nothing");
}

int main(void)
{
	test_capabilities();
	test_unknown_versions();
	test_reset();
	test_others();
	test_malformed();
	return tap_end();
}
