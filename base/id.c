/* Making, writing and reading 128-bit ids in the text form of UUIDs (RFC 9562). */
#include "base/id.h"

#include <sys/random.h>

/* The bytes that are followed by a dash in the text. */
static bool dash_after(size_t byte)
{
	return byte == 3 || byte == 5 || byte == 7 || byte == 9;
}

int kg_id_random(struct kg_id *ret)
{
	struct kg_id id;
	ssize_t size;

	do	// 16 bytes come whole or not at all
		size = getrandom(id.bytes, sizeof(id.bytes), 0);
	while (size < 0 && errno == EINTR);
	if (size < 0)
		return -errno;
	if (size != sizeof(id.bytes))
		return -EIO;
	id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | 0x40);	// version 4
	id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3f) | 0x80);	// variant of RFC 9562
	*ret = id;
	return 0;
}

void kg_id_format(const struct kg_id *id, char text[KG_ID_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char *at = text;

	for (size_t i = 0; i < sizeof(id->bytes); i++) {
		*at++ = digits[id->bytes[i] >> 4];
		*at++ = digits[id->bytes[i] & 15];
		if (dash_after(i))
			*at++ = '-';
	}
	*at = 0;
}

bool kg_id_parse(const char *text, struct kg_id *ret)
{
	struct kg_id id;

	for (size_t i = 0; i < sizeof(id.bytes); i++) {
		int high = kg_hex_digit(text[0]);
		int low = high < 0 ? -1 : kg_hex_digit(text[1]);

		if (low < 0)
			return false;
		id.bytes[i] = (uint8_t)(high << 4 | low);
		text += 2;
		if (dash_after(i) && *text++ != '-')
			return false;
	}
	if (*text)
		return false;
	*ret = id;
	return true;
}

bool kg_id_equal(const struct kg_id *a, const struct kg_id *b)
{
	return !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}
