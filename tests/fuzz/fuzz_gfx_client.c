/* Fuzzes the reader of a client's graphics messages. */
#include "server/session/gfx-reader.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kg_gfx_reader reader = { 0 };
	struct kg_reader in = kg_reader_of(data, size);
	struct kg_gfx_message message;

	do {
		uint32_t version = reader.version;
		int r = kg_gfx_read(&reader, &in, &message);

		if (r < 0)
			return 0;
		/* What is chosen first stays, and nothing is read before it. */
		assert(version == 0 || reader.version == version);
		assert(message.what == KG_GFX_NONE || reader.version != 0);
		assert(message.what != KG_GFX_CAPABILITIES || version == 0 || version >= KG_GFX_VERSION_103);
		assert(message.what != KG_GFX_IMPORT_OFFER || message.imports <= KG_GFX_IMPORTS_MAX);
	} while (message.what != KG_GFX_NONE);
	assert(kg_reader_left(&in) == 0);
	return 0;
}
