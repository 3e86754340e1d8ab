/* The reader of what binds a log-in to our TLS key. */
#include "server/session/tsrequest.h"

#include "tests/tap.h"

static uint8_t bytes[70000];
static size_t size, head_least;		// head_least: of an element, when it is to have a longer head than it needs

/* Puts an element around what was written from from on. */
static void wrap(size_t from, uint8_t tag)
{
	size_t length = size - from, head = KG_MAX(length < 0x80 ? 2u : length < 0x100 ? 3u : 4u, head_least), rest = length;

	memmove(bytes + from + head, bytes + from, length);
	bytes[from] = tag;
	bytes[from + 1] = (uint8_t)(head == 2 ? length : 0x80 + head - 2);
	for (size_t at = head; at-- > 2; rest >>= 8)
		bytes[from + at] = (uint8_t)rest;
	size += head;
}

static void field(uint8_t tag, uint8_t inner, uint8_t value, size_t length)
{
	size_t from = size;

	memset(bytes + size, value, length);
	size += length;
	wrap(from, inner);
	wrap(from, tag);
}

/* A message as mstsc sends it, with these sizes; 0: not there. */
static void message(size_t tokens, size_t sealed, size_t nonce, uint8_t value)
{
	size = 0;
	field(0xa0, 2, 6, 1);
	if (tokens)
		field(0xa1, 0x30, 1, tokens);
	if (sealed)
		field(0xa3, 4, value, sealed);
	if (nonce)
		field(0xa5, 4, value, nonce);
	wrap(0, 0x30);
}

static int read_exact(struct kg_tsrequest *ret, size_t length)
{
	uint8_t *exact = malloc(length ? length : 1);
	int r;

	memcpy(exact, bytes, length);
	r = kg_tsrequest_read(ret, exact, length);
	free(exact);
	return r;
}

static bool is_empty(const struct kg_tsrequest *request)
{
	return !request->has_nonce && !request->sealed_size;
}

int main(void)
{
	struct kg_tsrequest request = { 0 };
	bool right = true;

	tap_seed_init();
	message(100, 0, 0, 0);
	ok(read_exact(&request, size) == 0 && is_empty(&request), "a message with tokens only binds nothing");
	message(500, 0, 32, 7);
	ok(read_exact(&request, size) == 0 && request.has_nonce && request.nonce[31] == 7 && !request.sealed_size,
	   "a nonce may come before the sealed key");
	message(500, 48, 32, 9);
	ok(read_exact(&request, size) == 0 && request.nonce[0] == 9 && request.sealed_size == 48 && request.sealed[47] == 9,
	   "of several nonces the one that comes with the sealed key counts");
	message(0, 60, 32, 11);
	ok(read_exact(&request, size) == 0 && request.sealed_size == 48 && request.sealed[0] == 9 && request.nonce[0] == 9,
	   "what comes after the sealed key changes nothing");

	for (size_t sealed = 1; sealed <= KG_SESSION_SEALED_MAX && right; sealed += 1 + sealed / 8) {
		request = (struct kg_tsrequest){ 0 };
		message(0, sealed, 32, 5);
		right = read_exact(&request, size) == 0 && request.sealed_size == sealed;
	}
	ok(right, "sealed keys of all lengths are read");
	for (head_least = 3; head_least <= 6; head_least++) {
		request = (struct kg_tsrequest){ 0 };
		message(0, 48, 32, 5);
		right = right && read_exact(&request, size) == 0 && request.has_nonce && request.sealed_size == 48;
	}
	ok(right, "lengths in more bytes than they need are read");
	message(0, 48, 32, 5);
	request = (struct kg_tsrequest){ 0 };
	ok(read_exact(&request, size) == -EPROTO && is_empty(&request), "but not in more than four");
	head_least = 0;
	request = (struct kg_tsrequest){ 0 };
	message(0, KG_SESSION_SEALED_MAX + 1, 0, 5);
	ok(read_exact(&request, size) == -EPROTO && is_empty(&request), "one that is too long is refused");
	message(0, 0, 31, 5);
	ok(read_exact(&request, size) == -EPROTO && is_empty(&request), "and a nonce of 31 bytes");

	message(300, 272, 32, 5);
	for (size_t length = 0; length < size; length++)
		right = right && read_exact(&request, length) == -EPROTO && is_empty(&request);
	ok(right, "no message that is cut off is taken");
	for (int i = 0; i < 20000; i++) {
		size_t at = rnd() % size;
		uint8_t old = bytes[at];

		bytes[at] = (uint8_t)rnd();
		request = (struct kg_tsrequest){ 0 };
		if (read_exact(&request, size) < 0)
			right = right && is_empty(&request);
		bytes[at] = old;
	}
	ok(right, "of a malformed message nothing is taken");
	return tap_end();
}
