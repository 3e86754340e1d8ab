/* Target: SETUP as a desktop process reads it. What is let through has ends where strings have them. */
#include "tests/fuzz/fuzz.h"

#include "server/desktop/setup.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct kg_setup setup;
	int r;

	memset(&setup, 'x', sizeof(setup));
	r = kg_setup_read(&setup, bytes, size);
	if (r == -EPROTO)
		return 0;
	if (r != 0 || strnlen(setup.kind, sizeof(setup.kind)) != setup.fixed.kind ||
	    strnlen(setup.where, sizeof(setup.where)) != setup.fixed.where || setup.fixed.width > KG_DESKTOP_SIZE_MAX ||
	    setup.fixed.height > KG_DESKTOP_SIZE_MAX ||
	    sizeof(setup.fixed) + setup.fixed.kind + setup.fixed.where != size)
		abort();
	return 0;
}
