/* CredSSP's credentials: the password is blanked, and whatever is not exactly that is refused. */
#include "tests/tap.h"

#include "server/auth/credentials.h"

#include <errno.h>

/* Puts a DER element around what lies at bytes; returns its size. */
static size_t wrap(uint8_t *bytes, size_t size, uint8_t tag)
{
	size_t head = size < 128 ? 2 : size < 256 ? 3 : 4;

	memmove(bytes + head, bytes, size);
	bytes[0] = tag;
	if (head == 2) {
		bytes[1] = (uint8_t)size;
	} else if (head == 3) {
		bytes[1] = 0x81;
		bytes[2] = (uint8_t)size;
	} else {
		bytes[1] = 0x82;
		bytes[2] = (uint8_t)(size >> 8);
		bytes[3] = (uint8_t)size;
	}
	return head + size;
}

/* [n] OCTET STRING text */
static size_t field(uint8_t *to, unsigned n, const char *text, size_t size)
{
	memcpy(to, text, size);
	return wrap(to, wrap(to, size, 0x04), (uint8_t)(0xa0 + n));
}

static size_t make(uint8_t *to, uint8_t type, const char *password, size_t password_size)
{
	uint8_t inner[3000];
	size_t n = 0, m;

	n += field(inner + n, 0, "D\0O\0", 4);
	n += field(inner + n, 1, "u\0s\0e\0r\0", 8);
	n += field(inner + n, 2, password, password_size);
	n = wrap(inner, n, 0x30);
	n = wrap(inner, n, 0x04);
	n = wrap(inner, n, 0xa1);
	to[0] = type;
	m = wrap(to, wrap(to, 1, 0x02), 0xa0);
	memcpy(to + m, inner, n);
	return wrap(to, m + n, 0x30);
}

static bool holds(const uint8_t *bytes, size_t size, const char *what, size_t what_size)
{
	return memmem(bytes, size, what, what_size) != NULL;
}

int main(void)
{
	static const char secret[] = "s\0e\0c\0r\0e\0t\0";
	uint8_t bytes[4096], copy[4096];
	char *longer = calloc(1, 600);
	size_t size = make(bytes, 1, secret, 12);
	int accepted = 0;

	if (!longer)
		return 1;
	memcpy(copy, bytes, size);
	ok(holds(bytes, size, secret, 12) && kg_credentials_blank(bytes, size) == 0 && !holds(bytes, size, secret, 12),
	   "the password is blanked");
	ok(holds(bytes, size, "u\0s\0e\0r\0", 8), "the user name stays");
	for (size_t n = 0; n < size; n++) {
		uint8_t *exact = malloc(n ? n : 1);	// so that a sanitizer sees a read beyond the end

		memcpy(exact, copy, n);
		accepted += kg_credentials_blank(exact, n) == 0;
		free(exact);
	}
	ok(!accepted, "no cut-off credentials are taken for whole ones");
	memcpy(bytes, copy, size);
	bytes[size] = 0;
	ok(kg_credentials_blank(bytes, size + 1) == -EINVAL, "bytes behind the credentials are refused");
	size = make(bytes, 2, secret, 12);
	ok(kg_credentials_blank(bytes, size) == -EINVAL, "other kinds of credentials are refused");
	memset(longer, 'x', 600);
	size = make(bytes, 1, longer, 600);
	ok(kg_credentials_blank(bytes, size) == 0 && !holds(bytes, size, "xxxx", 4), "long passwords are blanked");
	tap_seed_init();
	for (int i = 0; i < 100000; i++) {
		size = make(bytes, 1, secret, 12);
		bytes[rnd() % size] = (uint8_t)rnd();
		if (kg_credentials_blank(bytes, size) == 0 && holds(bytes, size, secret, 12))
			break;
		accepted++;
	}
	ok(accepted == 100000, "a changed byte never lets the password through");
	free(longer);
	return tap_end();
}
