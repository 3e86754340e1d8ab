/*
 * The ZGFX compressor: one probe of a hash table for each place, as LZ4 does it, and longer steps the longer nothing is
 * found. Tokens: [MS-RDPEGFX] 3.1.9.1.2.4.
 */
#include "codec/zgfx.h"

#include <assert.h>

#define COMPRESSED (KG_ZGFX_STORED | 0x20)	// PACKET_COMPRESSED

#define MATCH_MIN 5		// the rules allow 3, but the shortest save too little for the time they take
#define LOOK 8			// bytes that are read where something is looked for
#define RAW_MAX 32767		// bytes of an unencoded run
#define PATIENCE 4		// after 2^this misses steps are longer by one

/* A segment whose bytes are as good as random is not searched: what an entropy coder wrote. */
#define SAMPLES 1024		// bytes looked at
#define SAMPLED_MIN 512		// shorter segments are searched without a look
#define SKEW_MIN 3		// pairs of equal samples, as a multiple of what random bytes have

/* Decoding takes stock clients some 10 ns for each byte: what saves less than 1/16 is not worth it on most lines. */
#define GAIN_MIN(size) ((size) / 16)

/* Literals as tokens up to here without a question, as an unencoded run from there on. Between, the shorter of the two. */
#define TOKENS_MAX 28
#define TOKENS_MAX_EVER 512

struct bits {
	uint64_t bits;		// the last count of them are not yet written
	unsigned count;		// less than 8 after flush()
	uint8_t *to;
};

/* At most 56 bits between two flushes. */
static inline void put(struct bits *bits, uint32_t value, unsigned count)
{
	bits->bits = bits->bits << count | value;
	bits->count += count;
}

static inline void flush(struct bits *bits)
{
	uint64_t bytes = __builtin_bswap64(bits->bits << 1 << (63 - bits->count));

	memcpy(bits->to, &bytes, 8);
	bits->to += bits->count / 8;
	bits->count %= 8;
}

/* The token of a literal: its bits, and from bit 16 on their number. */
#define TOKEN(code, length) ((length) << 16 | (code))
#define PLAIN(byte) TOKEN(byte, 9)
#define PLAIN4(byte) PLAIN(byte), PLAIN((byte) + 1), PLAIN((byte) + 2), PLAIN((byte) + 3)
#define PLAIN16(byte) PLAIN4(byte), PLAIN4((byte) + 4), PLAIN4((byte) + 8), PLAIN4((byte) + 12)

static const uint32_t literals[256] = {
	TOKEN(0x18, 5), TOKEN(0x19, 5), TOKEN(0x34, 6), TOKEN(0x35, 6),
	TOKEN(0x6e, 7), TOKEN(0x6f, 7), TOKEN(0x70, 7), TOKEN(0x71, 7),
	TOKEN(0x72, 7), TOKEN(0x73, 7), TOKEN(0x74, 7), TOKEN(0x75, 7),
	TOKEN(0xfc, 8), PLAIN(0x0d), PLAIN(0x0e), PLAIN(0x0f),
	PLAIN16(0x10), PLAIN16(0x20),
	PLAIN4(0x30), PLAIN4(0x34),
	TOKEN(0xfd, 8), TOKEN(0xfe, 8), TOKEN(0x76, 7), TOKEN(0x77, 7),
	TOKEN(0x78, 7), TOKEN(0x79, 7), TOKEN(0x7a, 7), TOKEN(0x7b, 7),
	TOKEN(0x7c, 7), PLAIN(0x41), PLAIN(0x42), PLAIN(0x43),
	PLAIN4(0x44), PLAIN4(0x48), PLAIN4(0x4c),
	PLAIN16(0x50),
	PLAIN4(0x60), PLAIN(0x64), PLAIN(0x65), TOKEN(0xff, 8), PLAIN(0x67),
	PLAIN4(0x68), PLAIN4(0x6c),
	PLAIN16(0x70),
	TOKEN(0x7d, 7), PLAIN(0x81), PLAIN(0x82), PLAIN(0x83),
	PLAIN4(0x84), PLAIN4(0x88), PLAIN4(0x8c),
	PLAIN16(0x90), PLAIN16(0xa0), PLAIN16(0xb0), PLAIN16(0xc0), PLAIN16(0xd0), PLAIN16(0xe0),
	PLAIN4(0xf0), PLAIN4(0xf4), PLAIN4(0xf8), PLAIN(0xfc), PLAIN(0xfd), PLAIN(0xfe), TOKEN(0x36, 6),
};

/* Distances from base on: a prefix, and so many bits for what is above base. */
static const struct distance {
	uint32_t base;
	uint16_t prefix;
	uint8_t prefix_bits, bits;
} distances[] = {
	{ 0, 0x11, 5, 5 },
	{ 32, 0x12, 5, 7 },
	{ 160, 0x13, 5, 9 },
	{ 672, 0x14, 5, 10 },
	{ 1696, 0x15, 5, 12 },
	{ 5792, 0x2c, 6, 14 },
	{ 22176, 0x2d, 6, 15 },
	{ 54944, 0x5c, 7, 18 },
	{ 317088, 0x5d, 7, 20 },
	{ 1365664, 0xbc, 8, 20 },
	{ 2414240, 0xbd, 8, 21 },
	{ UINT32_MAX, 0, 0, 0 },
};

/* The last of distances whose base is not above 2^i. Between two powers of two at most one more begins. */
static const uint8_t distance_first[22] = {
	0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 7, 7, 7, 8, 8, 9,
};

static inline unsigned log2_of(uint32_t value)
{
	return 31 - (unsigned)__builtin_clz(value);
}

static inline void put_match(struct bits *bits, uint32_t distance, uint32_t length)
{
	const struct distance *d = &distances[distance_first[log2_of(distance)]];
	unsigned n = log2_of(length);

	d += distance >= d[1].base;
	put(bits, (uint32_t)d->prefix << d->bits | (distance - d->base), d->prefix_bits + d->bits);
	flush(bits);
	/* n - 1 ones, a zero, and what is above 2^n in n bits. */
	put(bits, ((1u << n) - 2) << n | (length - (1u << n)), 2 * n);
	flush(bits);
}

static void put_tokens(struct bits *bits, const uint8_t *bytes, size_t count)
{
	for (; count >= 4; count -= 4, bytes += 4) {
		for (int i = 0; i < 4; i++)
			put(bits, literals[bytes[i]] & 0xffff, literals[bytes[i]] >> 16);
		flush(bits);
	}
	for (size_t i = 0; i < count; i++)
		put(bits, literals[bytes[i]] & 0xffff, literals[bytes[i]] >> 16);
	flush(bits);
}

static size_t tokens_bits(const uint8_t *bytes, size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += literals[bytes[i]] >> 16;
	return sum;
}

/* A match distance of 0, 15 bits of count, and from the next whole byte on the bytes. */
static void put_raw(struct bits *bits, const uint8_t *bytes, size_t count)
{
	while (count) {
		size_t n = KG_MIN(count, (size_t)RAW_MAX);

		put(bits, 0x11 << 5, 10);
		put(bits, (uint32_t)n, 15);
		put(bits, 0, -bits->count % 8);
		flush(bits);
		memcpy(bits->to, bytes, n);
		bits->to += n;
		bytes += n;
		count -= n;
	}
}

/* False where that would go beyond limit. */
static inline bool put_literals(struct bits *bits, const uint8_t *bytes, size_t count, const uint8_t *limit)
{
	bool tokens = count <= TOKENS_MAX;
	size_t room;

	if (bits->to > limit)
		return false;
	room = (size_t)(limit - bits->to);
	if (!tokens && count <= TOKENS_MAX_EVER)
		tokens = tokens_bits(bytes, count) < 25 + 8 * count;
	if ((tokens ? (9 * count + 7) / 8 : 4 + count) > room)
		return false;
	if (tokens)
		put_tokens(bits, bytes, count);
	else
		put_raw(bits, bytes, count);
	return true;
}

static inline uint64_t load8(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

/* Of the first MATCH_MIN bytes. */
static inline uint32_t hash(uint64_t value)
{
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		value = __builtin_bswap64(value);
	return (uint32_t)((value << (64 - 8 * MATCH_MIN)) * UINT64_C(889523592379) >> (64 - KG_ZGFX_HASH_BITS));
}

/* How many bytes from a and b on are equal, at most max. */
static inline size_t equal(const uint8_t *a, const uint8_t *b, size_t max)
{
	size_t n = 0;

	for (; n + 8 <= max; n += 8) {
		uint64_t differ = load8(a + n) ^ load8(b + n);

		if (differ) {
			if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
				return n + (size_t)__builtin_ctzll(differ) / 8;
			return n + (size_t)__builtin_clzll(differ) / 8;
		}
	}
	while (n < max && a[n] == b[n])
		n++;
	return n;
}

/* What a search knows. */
struct search {
	struct kg_zgfx *zgfx;
	const uint8_t *start, *end;	// the segment
	uint32_t reach;			// the largest distance, but that it is in the history
};

struct match {
	const uint8_t *at;		// in the segment
	uint32_t distance, length;
};

static inline uint32_t place(const struct search *s, const uint8_t *at)
{
	return s->zgfx->position + (uint32_t)(at - s->start);
}

/* The least length that pays: far matches cost as much as three or four literals. */
static inline size_t worth(uint32_t distance)
{
	return distance < 54944 ? MATCH_MIN : MATCH_MIN + 1;
}

/* Looks for what is at here, which has LOOK bytes, and grows it to both sides, backwards down to anchor. False: nothing that
 * pays. */
static inline bool probe(const struct search *s, const uint8_t *here, const uint8_t *anchor, struct match *ret)
{
	struct kg_zgfx *zgfx = s->zgfx;
	uint32_t *slot = &zgfx->candidates[hash(load8(here))], offset = (uint32_t)(here - zgfx->bytes);
	uint32_t distance = place(s, here) - *slot;
	const uint8_t *from = here - distance, *from_start = zgfx->bytes;
	size_t max = (size_t)(s->end - here), length;

	*slot = place(s, here);
	if (distance - 1 >= (zgfx->before ? KG_ZGFX_HISTORY : KG_MIN(offset, KG_ZGFX_HISTORY + 0u)))
		return false;
	if (distance > offset) {		// of the round before, whose start this segment has overwritten
		from = zgfx->bytes + zgfx->before - (distance - offset);
		from_start = s->end;
		max = KG_MIN(max, distance - offset + (size_t)0);
	}
	length = equal(here, from, max);
	if (length < MATCH_MIN)
		return false;
	while (here > anchor && from > from_start && here[-1] == from[-1]) {
		here--;
		from--;
		length++;
	}
	if (length < worth(distance))
		return false;
	*ret = (struct match){ here, distance, (uint32_t)length };
	return true;
}

static inline void remember(const struct search *s, const uint8_t *at)
{
	s->zgfx->candidates[hash(load8(at))] = place(s, at);
}

/* Returns how many bytes at to the bit stream and its trailer take, or 0 where that would save too little. */
static size_t compress(struct kg_zgfx *zgfx, size_t size, uint8_t *to)
{
	struct search s = { .zgfx = zgfx, .start = zgfx->bytes + zgfx->offset };
	struct bits bits = { .to = to };
	const uint8_t *here = s.start, *anchor = here, *last, *limit = to + size - GAIN_MIN(size);
	uint32_t misses = 1 << PATIENCE;
	struct match match;

	if (size < LOOK)
		return 0;
	s.end = s.start + size;
	last = s.end - LOOK;
	while (here <= last) {
		if (!probe(&s, here, anchor, &match)) {
			here += misses++ >> PATIENCE;
			continue;
		}
		if (!put_literals(&bits, anchor, (size_t)(match.at - anchor), limit))
			return 0;
		put_match(&bits, match.distance, match.length);
		here = anchor = match.at + match.length;
		misses = 1 << PATIENCE;
		if (here <= last)
			remember(&s, here - 2);
	}
	if (!put_literals(&bits, anchor, (size_t)(s.end - anchor), limit))
		return 0;
	if (bits.count) {
		bits.to++;
		*bits.to++ = (uint8_t)(8 - bits.count);
	} else {
		*bits.to++ = 0;
	}
	return bits.to - to < (ptrdiff_t)(size - GAIN_MIN(size)) ? (size_t)(bits.to - to) : 0;
}

/*
 * Whether the bytes of a segment are uneven enough for matches. In segments that were measured, RemoteFX's are 1 to 3.6 times
 * as uneven as random ones, ClearCodec's 3.6 to 25 times, planar's 9 to 70 times.
 */
static bool skewed(const uint8_t *bytes, size_t size)
{
	uint16_t counts[256] = { 0 };
	size_t step = size / SAMPLES | 1, samples = 0, pairs = 0;

	if (size < SAMPLED_MIN)
		return true;
	for (size_t i = 0; i < size; i += step, samples++)
		counts[bytes[i]]++;
	for (unsigned i = 0; i < 256; i++)
		pairs += (size_t)counts[i] * counts[i];
	return (pairs - samples) * 256 >= SKEW_MIN * samples * samples;
}

void kg_zgfx_init(struct kg_zgfx *zgfx)
{
	zgfx->position = zgfx->offset = zgfx->before = 0;
	memset(zgfx->candidates, 0, sizeof(zgfx->candidates));
}

uint8_t *kg_zgfx_room(struct kg_zgfx *zgfx)
{
	if (zgfx->offset > sizeof(zgfx->bytes) - KG_ZGFX_SEGMENT_MAX) {
		zgfx->before = zgfx->offset;
		zgfx->offset = 0;
	}
	return zgfx->bytes + zgfx->offset;
}

size_t kg_zgfx_segment(struct kg_zgfx *zgfx, size_t size, uint8_t *to)
{
	size_t written = 0;

	assert(size - 1 < KG_ZGFX_SEGMENT_MAX && zgfx->offset <= sizeof(zgfx->bytes) - size);
	if (skewed(zgfx->bytes + zgfx->offset, size))
		written = compress(zgfx, size, to + 1);
	to[0] = COMPRESSED;
	if (!written) {
		to[0] = KG_ZGFX_STORED;
		memcpy(to + 1, zgfx->bytes + zgfx->offset, size);
		written = size;
	}
	zgfx->position += (uint32_t)size;
	zgfx->offset += (uint32_t)size;
	return 1 + written;
}
