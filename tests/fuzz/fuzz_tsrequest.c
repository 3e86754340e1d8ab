/* Target: what a session reads of a client's TSRequest. The input is two messages, the first byte says where it is cut. */
#include "tests/fuzz/fuzz.h"

#include "server/session/tsrequest.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct kg_tsrequest request = { 0 }, before;
	size_t first;

	if (!size)
		return 0;
	first = (size - 1) * bytes[0] / 255;
	(void)kg_tsrequest_read(&request, bytes + 1, first);
	before = request;
	(void)kg_tsrequest_read(&request, bytes + 1 + first, size - 1 - first);
	/* What binds is never more than it can be, and stays with the nonce that it came with. */
	if (request.sealed_size > sizeof(request.sealed) ||
	    (before.sealed_size && (request.sealed_size != before.sealed_size ||
				    memcmp(request.sealed, before.sealed, before.sealed_size) ||
				    memcmp(request.nonce, before.nonce, sizeof(request.nonce)))))
		abort();
	return 0;
}
