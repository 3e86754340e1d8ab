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
