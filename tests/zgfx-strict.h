/*
 * A strict decoder of ZGFX segments for tests, written from [MS-RDPEGFX] 2.2.5.3 and 3.1.9.1.2: it takes nothing that is
 * reserved, looks at one bit at a time, and holds the whole history as one array.
 */
#pragma once

#include "base/base.h"

#define STRICT_SEGMENT 65535
#define STRICT_DISTANCE 2500000

struct strict {
	uint8_t *bytes;		// all that was decoded since the beginning
	size_t size, room;
	size_t literals, raw_runs, matches;	// tokens that were seen
	uint32_t distance_max, length_max;
};

struct strict_bits {
	const uint8_t *bytes;
	size_t at, count;	// bits
	bool failed;
};

static inline uint32_t strict_bits(struct strict_bits *bits, unsigned count)
{
	uint32_t value = 0;

	if (count > bits->count - bits->at) {
		bits->failed = true;
		return 0;
	}
	for (; count; count--, bits->at++)
		value = value << 1 | (bits->bytes[bits->at / 8] >> (7 - bits->at % 8) & 1);
	return value;
}

/* The literals whose plain token is reserved, in the order of their short ones. */
static const struct strict_literals {
	uint8_t bits, first;
	uint8_t count;
	uint8_t values[14];
} strict_literals[] = {
	{ 5, 0x18, 2, { 0x00, 0x01 } },
	{ 6, 0x34, 3, { 0x02, 0x03, 0xff } },
	{ 7, 0x6e, 14, { 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f } },
	{ 7, 0x7c, 2, { 0x40, 0x80 } },
	{ 8, 0xfc, 4, { 0x0c, 0x38, 0x39, 0x66 } },
};

static const struct strict_distance {
	uint8_t bits, prefix;
	uint8_t value_bits;
	uint32_t base;
} strict_distances[] = {
	{ 5, 0x11, 5, 0 },	 { 5, 0x12, 7, 32 },	  { 5, 0x13, 9, 160 },	     { 5, 0x14, 10, 672 },
	{ 5, 0x15, 12, 1696 },	 { 6, 0x2c, 14, 5792 },	  { 6, 0x2d, 15, 22176 },    { 7, 0x5c, 18, 54944 },
	{ 7, 0x5d, 20, 317088 }, { 8, 0xbc, 20, 1365664 }, { 8, 0xbd, 21, 2414240 },
};

static inline bool strict_put(struct strict *strict, uint8_t byte)
{
	if (strict->size == strict->room)
		return false;
	strict->bytes[strict->size++] = byte;
	return true;
}

static inline bool strict_raw(struct strict *strict, struct strict_bits *bits)
{
	uint32_t count = strict_bits(bits, 15);

	strict->raw_runs++;
	bits->at = (bits->at + 7) / 8 * 8;
	for (; count && !bits->failed; count--)
		if (!strict_put(strict, (uint8_t)strict_bits(bits, 8)))
			return false;
	return !bits->failed;
}

static inline bool strict_match(struct strict *strict, struct strict_bits *bits, uint32_t distance)
{
	uint32_t length = 3;

	if (strict_bits(bits, 1)) {
		unsigned n = 2;

		while (strict_bits(bits, 1))
			if (++n > 15)
				return false;
		length = (1u << n) + strict_bits(bits, n);
	}
	if (bits->failed || distance > strict->size || distance > STRICT_DISTANCE)
		return false;
	strict->matches++;
	strict->distance_max = KG_MAX(strict->distance_max, distance);
	strict->length_max = KG_MAX(strict->length_max, length);
	for (; length; length--)
		if (!strict_put(strict, strict->bytes[strict->size - distance]))
			return false;
	return true;
}

static inline bool strict_token(struct strict *strict, struct strict_bits *bits)
{
	uint32_t prefix = 0;
	unsigned count = 0;

	if (!strict_bits(bits, 1)) {
		uint32_t value = strict_bits(bits, 8);

		for (size_t i = 0; i < KG_ARRAY_SIZE(strict_literals); i++)
			for (unsigned k = 0; k < strict_literals[i].count; k++)
				if (strict_literals[i].values[k] == value)
					return false;
		strict->literals++;
		return !bits->failed && strict_put(strict, (uint8_t)value);
	}
	prefix = 1;
	for (count = 1; count < 8 && !bits->failed;) {
		prefix = prefix << 1 | strict_bits(bits, 1);
		count++;
		for (size_t i = 0; i < KG_ARRAY_SIZE(strict_literals); i++) {
			const struct strict_literals *l = &strict_literals[i];

			if (l->bits == count && prefix >= l->first && prefix - l->first < l->count) {
				strict->literals++;
				return !bits->failed && strict_put(strict, l->values[prefix - l->first]);
			}
		}
		for (size_t i = 0; i < KG_ARRAY_SIZE(strict_distances); i++) {
			const struct strict_distance *d = &strict_distances[i];
			uint32_t distance;

			if (d->bits != count || d->prefix != prefix)
				continue;
			distance = d->base + strict_bits(bits, d->value_bits);
			return distance ? strict_match(strict, bits, distance) : strict_raw(strict, bits);
		}
	}
	return false;
}

/* One RDP8_BULK_ENCODED_DATA. False where there is anything that the specification does not allow. */
static inline bool strict_segment(struct strict *strict, const uint8_t *bytes, size_t size)
{
	size_t start = strict->size;
	struct strict_bits bits;

	if (size < 2 || (bytes[0] != 0x04 && bytes[0] != 0x24))
		return false;
	if (bytes[0] == 0x04) {
		for (size_t i = 1; i < size; i++)
			if (!strict_put(strict, bytes[i]))
				return false;
		return size - 1 <= STRICT_SEGMENT;
	}
	if (size < 3 || bytes[size - 1] > 7)
		return false;
	bits = (struct strict_bits){ .bytes = bytes + 1, .count = (size - 2) * 8 - bytes[size - 1] };
	while (bits.at < bits.count)
		if (!strict_token(strict, &bits) || bits.failed)
			return false;
	return strict->size - start <= STRICT_SEGMENT;
}
