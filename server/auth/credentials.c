/* Blanks the password of CredSSP's credentials. */
#include "server/auth/credentials.h"

/* What is left of a DER value. */
struct der {
	uint8_t *at, *end;
};

enum {
	DER_INTEGER = 0x02,
	DER_OCTETS = 0x04,
	DER_SEQUENCE = 0x30,
	DER_CONTEXT = 0xa0,	// [0], constructed; + n for [n]
};

#define CREDENTIALS_PASSWORD 1	// credType

/* Takes the element off that must come next; its content becomes *content. */
static bool take(struct der *der, uint8_t tag, struct der *content)
{
	size_t left = (size_t)(der->end - der->at), length, head = 2;

	if (left < 2 || der->at[0] != tag)
		return false;
	length = der->at[1];
	if (length & 0x80) {
		size_t count = length & 0x7f;

		if (!count || count > 3 || left < 2 + count)
			return false;
		length = 0;
		for (size_t i = 0; i < count; i++)
			length = length << 8 | der->at[2 + i];
		head += count;
	}
	if (length > left - head)
		return false;
	*content = (struct der){ der->at + head, der->at + head + length };
	der->at = content->end;
	return true;
}

/* [n] with one element of the given tag in it. */
static bool take_tagged(struct der *der, unsigned n, uint8_t tag, struct der *content)
{
	struct der outer;

	return take(der, (uint8_t)(DER_CONTEXT + n), &outer) && take(&outer, tag, content) && outer.at == outer.end;
}

int kg_credentials_blank(uint8_t *bytes, size_t size)
{
	struct der all = { bytes, bytes + size }, sequence, type, octets, passwords, field;

	if (!take(&all, DER_SEQUENCE, &sequence) || all.at != all.end)
		return -EINVAL;
	if (!take_tagged(&sequence, 0, DER_INTEGER, &type) || type.end - type.at != 1 || *type.at != CREDENTIALS_PASSWORD)
		return -EINVAL;
	if (!take_tagged(&sequence, 1, DER_OCTETS, &octets) || sequence.at != sequence.end)
		return -EINVAL;
	if (!take(&octets, DER_SEQUENCE, &passwords) || octets.at != octets.end)
		return -EINVAL;
	/* TSPasswordCreds: domainName, userName, password */
	if (!take_tagged(&passwords, 0, DER_OCTETS, &field) || !take_tagged(&passwords, 1, DER_OCTETS, &field) ||
	    !take_tagged(&passwords, 2, DER_OCTETS, &field) || passwords.at != passwords.end)
		return -EINVAL;
	explicit_bzero(field.at, (size_t)(field.end - field.at));
	return 0;
}
