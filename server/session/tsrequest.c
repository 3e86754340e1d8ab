/* Reads from a client's TSRequest what binds its log-in to our TLS key. */
#include "server/session/tsrequest.h"

enum { OCTET_STRING = 0x04, SEQUENCE = KG_TSREQUEST_TAG, PUB_KEY_AUTH = 0xa3, CLIENT_NONCE = 0xa5 };

/* One element with a definite length, in more bytes than it needs too, as FreeRDP takes it: its tag, and a reader of its content. */
static int read_element(struct kg_reader *reader, struct kg_reader *ret)
{
	int tag = kg_read_u8(reader);
	size_t length = kg_read_u8(reader), count = length & 0x7f;

	if (length >= 0x80) {
		if (!count || count > 4)
			return -EPROTO;
		for (length = 0; count; count--)
			length = length << 8 | kg_read_u8(reader);
	}
	*ret = kg_read_part(reader, length);
	return kg_reader_ok(ret) ? tag : -EPROTO;
}

/* A field that holds nothing but one element. */
static int read_only(struct kg_reader *reader, int tag, struct kg_reader *ret)
{
	return read_element(reader, ret) == tag && !kg_reader_left(reader) ? 0 : -EPROTO;
}

int kg_tsrequest_read(struct kg_tsrequest *ret, const uint8_t *bytes, size_t size)
{
	struct kg_reader reader = kg_reader_of(bytes, size), fields, field, value;
	struct kg_reader sealed = { 0 }, nonce = { 0 };

	if (read_only(&reader, SEQUENCE, &fields) < 0)
		return -EPROTO;
	while (kg_reader_left(&fields)) {
		int tag = read_element(&fields, &field);

		if (tag < 0)
			return -EPROTO;
		if (tag != PUB_KEY_AUTH && tag != CLIENT_NONCE)
			continue;
		if (read_only(&field, OCTET_STRING, &value) < 0)
			return -EPROTO;
		if (tag == PUB_KEY_AUTH ? kg_reader_left(&value) > sizeof(ret->sealed)
					: kg_reader_left(&value) != sizeof(ret->nonce))
			return -EPROTO;
		*(tag == PUB_KEY_AUTH ? &sealed : &nonce) = value;
	}
	if (ret->sealed_size)
		return 0;
	if (nonce.at) {
		ret->has_nonce = true;
		memcpy(ret->nonce, nonce.at, sizeof(ret->nonce));
	}
	ret->sealed_size = kg_reader_left(&sealed);
	if (ret->sealed_size)
		memcpy(ret->sealed, sealed.at, ret->sealed_size);
	return 0;
}
