/* The ZGFX compressor against FreeRDP's decoder and a strict one, with the history kept over all segments. */
#include <freerdp/codec/zgfx.h>

#include "codec/zgfx.h"
#include "tests/check.h"
#include "tests/zgfx-strict.h"

#ifdef KG_SANITIZED		// 10 times slower
enum { SEGMENTS = 300, STREAM = 24 << 20, ROUNDS = 2, FARTHEST = 1000000 };
#else
enum { SEGMENTS = 3000, STREAM = 64 << 20, ROUNDS = 20, FARTHEST = 2000000 };
#endif

/* A connection: the compressor, and what its client knows. */
struct line {
	struct kg_zgfx *zgfx;
	ZGFX_CONTEXT *client;
	struct strict strict;
	uint8_t *end;			// of the room for a segment, at a page that may not be touched
	size_t sent;			// bytes of the last segment, with its header
};

static void line_begin(struct line *line)
{
	if (!line->zgfx) {
		line->zgfx = malloc(sizeof(*line->zgfx));
		line->strict.room = STREAM;
		line->strict.bytes = malloc(STREAM);
		line->end = (uint8_t *)guarded(KG_ZGFX_SEGMENT_MAX + KG_ZGFX_SLACK) + KG_ZGFX_SEGMENT_MAX + KG_ZGFX_SLACK;
	}
	zgfx_context_free(line->client);
	line->client = zgfx_context_new(FALSE);
	if (!line->zgfx || !line->client || !line->strict.bytes) {
		printf("Bail out! no memory\n");
		exit(EXIT_FAILURE);
	}
	line->strict = (struct strict){ .bytes = line->strict.bytes, .room = STREAM };
	kg_zgfx_init(line->zgfx);
}

/* Sends a segment. NULL, or what is wrong. */
static const char *line_send(struct line *line, const uint8_t *bytes, size_t size)
{
	uint8_t *to = line->end - size - KG_ZGFX_SLACK, envelope[2 + KG_ZGFX_SEGMENT_MAX];
	size_t before = line->strict.size;
	BYTE *decoded = NULL;
	UINT32 count = 0;
	bool right;

	memcpy(kg_zgfx_room(line->zgfx), bytes, size);
	line->sent = kg_zgfx_segment(line->zgfx, size, to);
	if (line->sent > 1 + size || line->sent < 2)
		return "larger than the rules allow";
	if (!strict_segment(&line->strict, to, line->sent))
		return "not what the specification allows";
	if (line->strict.size - before != size || memcmp(line->strict.bytes + before, bytes, size))
		return "other bytes in the strict decoder";
	envelope[0] = ZGFX_SEGMENTED_SINGLE;
	memcpy(envelope + 1, to, line->sent);
	if (zgfx_decompress(line->client, envelope, (UINT32)line->sent + 1, &decoded, &count, 0) < 0)
		return "FreeRDP refuses it";
	right = count == size && !memcmp(decoded, bytes, size);
	free(decoded);
	return right ? NULL : "other bytes in FreeRDP's decoder";
}

static struct line line;
static uint8_t content[KG_ZGFX_SEGMENT_MAX + 1];

static void fill(uint8_t *to, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)rnd();
}

/* ---- the specification's examples, 4.2.1.1 ---- */

static const char fox[] = "The quick brown fox jumps over the lazy dog";

static void examples(void)
{
	static const uint8_t repeated[] = { 0x24, 0x20, 0x90, 0x88, 0x71, 0x1f, 0xb2, 0x01 };
	static const uint8_t short_tokens[] = { 0x24, 0xce, 0x9b, 0x19, 0x62, 0x18, 0x00 };
	static const uint8_t part[] = { 0x24, 0x39, 0x08, 0x0e, 0x91, 0xf8, 0xd8, 0x61, 0x3d, 0x1e, 0x44, 0x06, 0x43, 0x79, 0x9c,
					0x02 };
	uint8_t unencoded[1 + 4 + 1000 + 1] = { 0x24, 0x88, 0x01, 0xf4, 0x00 }, *end = line.end - KG_ZGFX_SLACK;
	const char *wrong;

	line_begin(&line);
	for (int i = 0; i < 60; i++)
		content[i] = (uint8_t)("ABC"[i % 3]);
	wrong = line_send(&line, content, 60);
	ok(!wrong && line.sent == sizeof(repeated) && !memcmp(end - 60, repeated, sizeof(repeated)),
	   "\"ABC\" 20 times is coded as the specification says (%s)", wrong ? wrong : "right");

	line_begin(&line);
	wrong = line_send(&line, (const uint8_t *)fox, 43);
	ok(!wrong && line.sent == 44 && end[-43] == 0x04, "what has no repetition is stored, as the specification says");

	line_begin(&line);
	ok(strict_segment(&line.strict, short_tokens, sizeof(short_tokens)) && line.strict.size == 8 &&
		   !memcmp(line.strict.bytes, "\1\2\377eeeee", 8),
	   "the strict decoder reads the specification's first example");
	line_begin(&line);
	memcpy(line.strict.bytes, fox, 29);
	line.strict.size = 29;
	ok(strict_segment(&line.strict, part, sizeof(part)) && line.strict.size == 43 && !memcmp(line.strict.bytes, fox, 43),
	   "and the third segment of the fourth");
	line_begin(&line);
	memcpy(unencoded + 5, fox, 43);
	ok(strict_segment(&line.strict, unencoded, sizeof(unencoded)) && line.strict.size == 1000 &&
		   !memcmp(line.strict.bytes, fox, 43) && line.strict.raw_runs == 1,
	   "and the fifth, of unencoded bytes");
}

/* ---- every token ---- */

/* Bytes of 40 values: uneven enough to be searched, too many of them to be found. */
static const uint8_t *noise(size_t size)
{
	static uint8_t *bytes;
	static size_t have;

	if (have < size) {
		bytes = realloc(bytes, size);
		for (; have < size; have++)
			bytes[have] = (uint8_t)(0x80 + rnd() % 40);
	}
	return bytes;
}

static const char *send_noise(size_t size)
{
	const char *wrong = NULL;

	for (size_t at = 0; !wrong && at < size; at += KG_ZGFX_SEGMENT_MAX)
		wrong = line_send(&line, noise(size) + at, KG_MIN(size - at, (size_t)KG_ZGFX_SEGMENT_MAX));
	return wrong;
}

/* Sends what lies distance back. The compressor is told where that is, since it forgets much of such a history. */
static const char *send_again(size_t distance, size_t size)
{
	size_t from = line.strict.size - distance;

	for (size_t i = 0; i < size; i++)
		content[i] = line.strict.bytes[from + i % distance];
	for (size_t i = KG_MIN(size, distance); i-- > 0;) {
		uint64_t value = 0;

		if (i + 5 > size)
			continue;
		for (int k = 4; k >= 0; k--)
			value = value << 8 | content[i + k];
		line.zgfx->candidates[(value << 24) * 889523592379 >> (64 - KG_ZGFX_HASH_BITS)] = (uint32_t)(from + i);
	}
	return line_send(&line, content, size);
}

/* history: bytes before, with which all fits into one round or a second one has begun. */
static void every_distance(size_t history)
{
	static const uint32_t bounds[] = { 1, 32, 160, 672, 1696, 5792, 22176, 54944, 317088, 1365664, 2414240, 2500000 };
	const char *wrong = NULL;
	uint32_t farthest = 0;

	for (size_t i = 0; !wrong && i < KG_ARRAY_SIZE(bounds); i++)
		for (uint32_t d = bounds[i] - 1; !wrong && d <= bounds[i] + 1; d++) {
			if (!d)
				continue;
			line_begin(&line);
			wrong = send_noise(history);
			line.strict.distance_max = 0;
			wrong = wrong ? wrong : send_again(d, 200);
			if (!wrong && (d <= KG_ZGFX_HISTORY ? line.strict.distance_max != d : line.sent < 200))
				wrong = "another distance";
			farthest = KG_MAX(farthest, line.strict.distance_max);
			if (wrong)
				note("distance %u: %s, %u", d, wrong, line.strict.distance_max);
		}
	ok(!wrong && farthest == KG_ZGFX_HISTORY, "matches are found at every kind of distance up to 2,500,000, and no farther (after %zu)",
	   history);
}

static void every_length(void)
{
	const char *wrong = NULL;

	for (uint32_t bound = 4; !wrong && bound <= 65536; bound *= 2)
		for (uint32_t length = bound - 1; !wrong && length <= KG_MIN(bound + 1, KG_ZGFX_SEGMENT_MAX + 0u); length++) {
			line_begin(&line);
			wrong = send_noise(70000);
			line.strict.length_max = 0;
			wrong = wrong ? wrong : send_again(KG_ZGFX_SEGMENT_MAX, length);
			if (!wrong && length >= 16 && (line.strict.length_max != length || line.sent > 12))
				wrong = "another length";
			if (wrong)
				note("length %u: %s, %u", length, wrong, line.strict.length_max);
		}
	ok(!wrong, "matches are as long as the segment, up to 65,535");
	line_begin(&line);
	memset(content, 0x77, KG_ZGFX_SEGMENT_MAX);
	wrong = line_send(&line, content, KG_ZGFX_SEGMENT_MAX);
	ok(!wrong && line.sent <= 9, "65,535 equal bytes are %zu", line.sent);
}

/* Runs of literals of every length to 600 and some up to the longest, between things that repeat. */
static void every_run(void)
{
	static const uint32_t more[] = { 1000, 32766, 32767, 32768, 40000, 50000 };
	const char *wrong = NULL;
	size_t literals = 0, raw_runs = 0;

	for (uint32_t i = 0; !wrong && i < 600 + KG_ARRAY_SIZE(more); i++) {
		uint32_t length = i < 600 ? i : more[i - 600];

		for (int few = 0; !wrong && few < 2; few++) {
			line_begin(&line);
			memset(content, 0, sizeof(content));
			fill(content + 3000, length);
			if (few)		// of those with short tokens
				for (uint32_t k = 0; k < length; k++)
					content[3000 + k] = "\0\1\2\3\377\4\5\6\77\100\200\14\70\146"[rnd() % 14];
			wrong = line_send(&line, content, 3000 + length + 12000);
			literals += line.strict.literals;
			raw_runs += line.strict.raw_runs;
			if (!wrong && line.sent > length + length / 100 + 40)
				wrong = "too long";
			if (wrong)
				note("%u literals: %s (%zu bytes)", length, wrong, line.sent);
		}
	}
	ok(!wrong && literals > 10000 && raw_runs > 300, "runs of literals are never coded much longer than they are");
	for (uint32_t value = 0; !wrong && value < 256; value++) {
		line_begin(&line);
		memset(content, 0x77, 100);
		content[50] = (uint8_t)value;
		wrong = line_send(&line, content, 100);
	}
	ok(!wrong, "every byte has its right token");
}

/* ---- streams ---- */

/* Something of the kind that graphics messages are made of, size bytes. */
static void draw(uint8_t *to, size_t size)
{
	size_t at = 0;
	unsigned kind = rnd() % 6;

	while (at < size) {
		size_t n = KG_MIN(1 + rnd() % (1u << rnd() % 15), size - at), back;

		switch (kind == 5 ? rnd() % 5 : kind) {
		case 0:
			fill(to + at, n);
			break;
		case 1:
			memset(to + at, (int)rnd(), n);
			break;
		case 2:			// again, what the client had some time ago
			if (line.strict.size < n)
				break;
			back = n + rnd() % KG_MIN(line.strict.size - n + 1, (size_t)KG_ZGFX_HISTORY + 70000);
			memcpy(to + at, line.strict.bytes + line.strict.size - back, n);
			break;
		case 3:			// pixels
			for (size_t i = 0; i < n; i++)
				to[at + i] = i >= 3 && rnd() % 8 ? to[at + i - 3] : (uint8_t)rnd();
			break;
		default:		// small numbers
			for (size_t i = 0; i < n; i++)
				to[at + i] = (uint8_t)(rnd() & rnd() & rnd());
		}
		at += n;
	}
}

static void stream(uint32_t start, const char *what)
{
	const char *wrong = NULL;
	size_t sent = 0, rounds = 0, n = 0;
	uint32_t before = 0;

	line_begin(&line);
	line.zgfx->position = start;
	for (; !wrong && n < SEGMENTS && line.strict.size < STREAM - KG_ZGFX_SEGMENT_MAX; n++) {
		size_t size = 1 + rnd() % (rnd() % 4 ? KG_ZGFX_SEGMENT_MAX : 1u << rnd() % 16);

		draw(content, size);
		wrong = line_send(&line, content, size);
		if (wrong)
			note("segment %zu of %zu bytes: %s", n, size, wrong);
		sent += line.sent;
		rounds += line.zgfx->before && line.zgfx->offset < before;
		before = line.zgfx->offset;
	}
	ok(!wrong && rounds >= ROUNDS && sent < line.strict.size * 3 / 4, "%s: %zu segments come back, %zu bytes as %zu, %zu rounds", what,
	   n, line.strict.size, sent, rounds);
	ok(line.strict.distance_max > FARTHEST, "%s: the farthest match was at %u", what, line.strict.distance_max);
}

static void every_size(void)
{
	const char *wrong = NULL;

	line_begin(&line);
	for (size_t size = 1; !wrong && size <= KG_ZGFX_SEGMENT_MAX; size += size < 300 ? 1 : 977) {
		fill(content, size);
		wrong = line_send(&line, content, size);
		memset(content, 0, size);
		wrong = wrong ? wrong : line_send(&line, content, size);
		if (!wrong && size > 20 && line.sent > 24)
			wrong = "zeros are not compressed";
		if (wrong)
			note("size %zu: %s", size, wrong);
	}
	ok(!wrong, "segments of 1 to 300 bytes and larger ones come back, noise as long as it is and zeros in 24 bytes");
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	line_begin(&line);
	examples();
	every_distance(KG_ZGFX_HISTORY + 300);
	every_distance(KG_ZGFX_HISTORY + 5 * KG_ZGFX_SEGMENT_MAX);
	every_length();
	every_run();
	every_size();
	stream(0, "from the start");
	stream(UINT32_MAX - 4000000, "around the end of 32 bits");
	zgfx_context_free(line.client);
	free(line.strict.bytes);
	free(line.zgfx);
	return tap_end();
}
