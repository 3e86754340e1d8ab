/* Between UTF-8 and UTF-16LE. */
#include "server/broker/utf16.h"

/* The next code point of UTF-8 text that is not at its end; 0 when it is malformed ([RFC 3629]: shortest form, no surrogates). */
static uint32_t next_utf8(const unsigned char **at)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = *at;
	uint32_t c = *p++;
	int length = c < 0x80 ? 1 : (c & 0xe0) == 0xc0 ? 2 : (c & 0xf0) == 0xe0 ? 3 : (c & 0xf8) == 0xf0 ? 4 : 0;

	if (!length)
		return 0;
	if (length > 1)
		c &= 0x7fu >> length;
	for (int i = 1; i < length; i++) {
		if ((*p & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (*p++ & 0x3f);
	}
	if (c < least[length] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*at = p;
	return c;
}

int kg_utf8_to_utf16(const char *text, uint8_t *to, size_t size)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t n = 0;

	while (*at) {
		uint32_t c = next_utf8(&at);
		uint16_t units[2] = { (uint16_t)c };
		size_t count = 1;

		if (!c)
			return -EILSEQ;
		if (c >= 0x10000) {
			units[0] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
			units[1] = (uint16_t)(0xdc00 + ((c - 0x10000) & 0x3ff));
			count = 2;
		}
		if (2 * count > size - n)
			return -ENOBUFS;
		for (size_t i = 0; i < count; i++) {
			to[n++] = (uint8_t)units[i];
			to[n++] = (uint8_t)(units[i] >> 8);
		}
	}
	return (int)n;
}

static size_t put_utf8(uint32_t c, char bytes[4])
{
	if (c < 0x80) {
		bytes[0] = (char)c;
		return 1;
	}
	size_t length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = length - 1; i > 0; i--, c >>= 6)
		bytes[i] = (char)(0x80 | (c & 0x3f));
	bytes[0] = (char)(0xf00u >> length | c);
	return length;
}

int kg_utf16_to_utf8(const uint8_t *bytes, size_t bytes_size, char *to, size_t size)
{
	size_t n = 0;

	if (bytes_size % 2 || !size)
		return bytes_size % 2 ? -EILSEQ : -ENOBUFS;
	for (size_t i = 0; i < bytes_size; i += 2) {
		uint32_t c = bytes[i] | (uint32_t)bytes[i + 1] << 8;
		char text[4];
		size_t length;

		if (c >= 0xd800 && c < 0xdc00 && i + 4 <= bytes_size) {
			uint32_t low = bytes[i + 2] | (uint32_t)bytes[i + 3] << 8;

			if (low < 0xdc00 || low >= 0xe000)
				return -EILSEQ;
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
		} else if (!c || (c >= 0xd800 && c < 0xe000)) {
			return -EILSEQ;
		}
		length = put_utf8(c, text);
		if (length >= size - n)
			return -ENOBUFS;
		memcpy(to + n, text, length);
		n += length;
	}
	to[n] = 0;
	return (int)n;
}

/* Small letters from first to last: all of them, or every second one, which then follow their capitals. */
static const struct {
	uint16_t first, last;
	int16_t change;
	uint16_t step;
} small[] = {
	{ 'a', 'z', -32, 1 },
	{ 0xe0, 0xf6, -32, 1 },		// Latin
	{ 0xf8, 0xfe, -32, 1 },
	{ 0xff, 0xff, 121, 1 },
	{ 0x101, 0x12f, -1, 2 },
	{ 0x133, 0x137, -1, 2 },
	{ 0x13a, 0x148, -1, 2 },
	{ 0x14b, 0x177, -1, 2 },
	{ 0x17a, 0x17e, -1, 2 },
	{ 0x3ac, 0x3ac, -38, 1 },	// Greek
	{ 0x3ad, 0x3af, -37, 1 },
	{ 0x3b1, 0x3c1, -32, 1 },
	{ 0x3c3, 0x3cb, -32, 1 },
	{ 0x3cc, 0x3cc, -64, 1 },
	{ 0x3cd, 0x3ce, -63, 1 },
	{ 0x430, 0x44f, -32, 1 },	// Cyrillic
	{ 0x450, 0x45f, -80, 1 },
	{ 0x461, 0x481, -1, 2 },
	{ 0x48b, 0x4bf, -1, 2 },
	{ 0x4c2, 0x4ce, -1, 2 },
	{ 0x4d1, 0x527, -1, 2 },
	{ 0x561, 0x586, -48, 1 },	// Armenian
	{ 0x1e01, 0x1e95, -1, 2 },	// Latin, as in Vietnamese
	{ 0x1ea1, 0x1ef9, -1, 2 },
	{ 0xff41, 0xff5a, -32, 1 },	// Latin, as wide as Han
};

uint16_t kg_utf16_capital(uint16_t unit)
{
	for (size_t i = 0; i < KG_ARRAY_SIZE(small); i++) {
		if (unit >= small[i].first && unit <= small[i].last && (unit - small[i].first) % small[i].step == 0)
			return (uint16_t)(unit + small[i].change);
	}
	return unit;
}

void kg_utf8_capitals(const char *text, char *to, size_t size)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t n = 0;

	while (*at) {
		const unsigned char *from = at;
		uint32_t c = next_utf8(&at);
		char bytes[4] = { (char)*from };
		size_t length = 1;

		if (c)
			length = put_utf8(c < 0x10000 ? kg_utf16_capital((uint16_t)c) : c, bytes);
		else
			at = from + 1;
		if (length >= size - n)
			break;
		memcpy(to + n, bytes, length);
		n += length;
	}
	to[n] = 0;
}
