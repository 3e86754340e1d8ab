/*
 * Target: the ZGFX compressor on arbitrary streams. Two bytes choose where the stream begins: how much of a history there is
 * and how near the end of 32 bits it lies. The rest is a program that builds segments; each must come back from FreeRDP's
 * decoder and from the strict one.
 */
#include "tests/fuzz/fuzz.h"

#include "base/reader.h"
#include "codec/zgfx.h"
#include "tests/zgfx-strict.h"

#include <freerdp/codec/zgfx.h>

#define STREAM_MAX (KG_ZGFX_HISTORY + 32 * STRICT_SEGMENT)
#define SEGMENTS_MAX 16

struct target {
	struct kg_zgfx *zgfx;
	ZGFX_CONTEXT *client;
	struct strict strict;
};

static void check(bool right)
{
	if (!right)
		abort();
}

static void send(struct target *t, const uint8_t *bytes, size_t size)
{
	uint8_t *envelope = malloc(2 + size + KG_ZGFX_SLACK);
	size_t before = t->strict.size, written;
	BYTE *decoded = NULL;
	UINT32 count = 0;

	check(envelope != NULL);
	memcpy(kg_zgfx_room(t->zgfx), bytes, size);
	envelope[0] = ZGFX_SEGMENTED_SINGLE;
	written = kg_zgfx_segment(t->zgfx, size, envelope + 1);
	check(written > 1 && written <= 1 + size);
	check(strict_segment(&t->strict, envelope + 1, written));
	check(t->strict.size - before == size && !memcmp(t->strict.bytes + before, bytes, size));
	check(zgfx_decompress(t->client, envelope, (UINT32)written + 1, &decoded, &count, 0) >= 0);
	check(count == size && !memcmp(decoded, bytes, size));
	free(decoded);
	free(envelope);
}

/* Full segments that are stored, so that those of the program match across rounds and to the end of the history. */
static void prefill(struct target *t, unsigned segments)
{
	static uint8_t bytes[STRICT_SEGMENT];
	uint32_t value = 1;

	for (unsigned n = 0; n < segments; n++) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			value = value * 1664525 + 1013904223;
			bytes[i] = (uint8_t)(value >> 24);
		}
		send(t, bytes, sizeof(bytes));
	}
}

/* Builds one segment: literals of the input, runs, and copies of what was before. Returns its size. */
static size_t build(struct kg_reader *reader, const struct strict *strict, uint8_t *to)
{
	size_t size = 0;

	while (kg_reader_ok(reader) && kg_reader_left(reader) && size < STRICT_SEGMENT) {
		uint8_t op = kg_read_u8(reader);
		size_t n = (size_t)(op & 0x1f) + 1, back;
		const uint8_t *from;

		if (op >> 5 == 7)
			return size;
		if (op >> 5 >= 4)
			n <<= kg_read_u8(reader) & 15;
		n = KG_MIN(n, STRICT_SEGMENT - size);
		switch (op >> 5) {
		case 0:
		case 1:
			n = KG_MIN(n, kg_reader_left(reader));
			from = kg_read_bytes(reader, n);
			if (from)
				memcpy(to + size, from, n);
			break;
		case 2:
		case 4:
			memset(to + size, kg_read_u8(reader), n);
			break;
		default:
			back = kg_read_u32(reader) % (KG_ZGFX_HISTORY + 1000) + n;
			if (back > strict->size)
				n = 0;
			else
				memcpy(to + size, strict->bytes + strict->size - back, n);
		}
		size += n;
	}
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static uint8_t segment[STRICT_SEGMENT], *stream;
	static struct kg_zgfx *zgfx;
	static ZGFX_CONTEXT *client;
	struct kg_reader reader = kg_reader_of(bytes, size);
	uint8_t history = kg_read_u8(&reader), position = kg_read_u8(&reader);
	struct target t;

	if (!kg_reader_ok(&reader))
		return 0;
	if (!stream)
		stream = malloc(STREAM_MAX);
	if (!zgfx)
		zgfx = malloc(sizeof(*zgfx));
	if (!client)
		client = zgfx_context_new(FALSE);
	t = (struct target){ .zgfx = zgfx, .client = client, .strict = { .bytes = stream, .room = STREAM_MAX } };
	check(stream && zgfx && client);
	zgfx_context_reset(client, TRUE);
	kg_zgfx_init(zgfx);
	zgfx->position = position & 0x80 ? (uint32_t)0 - (position & 0x7fu) * 1024 : 0;
	prefill(&t, history >= 0xf0 ? 36 + (history & 7) : 0);	// few inputs: it takes some ms
	for (int i = 0; i < SEGMENTS_MAX && kg_reader_left(&reader); i++) {
		size_t n = build(&reader, &t.strict, segment);

		if (n)
			send(&t, segment, n);
	}
	return 0;
}
