/* Target: the hash file. What it accepts, each user can be found in. */
#include "tests/fuzz/fuzz.h"

#include "base/log.h"
#include "server/broker/hashes.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct kg_hashes *hashes;

	kg_log_init("fuzz", KG_LOG_NOTHING);
	if (!hashes && kg_hashes_load(&hashes, NULL) < 0)
		abort();
	if (kg_hashes_parse(hashes, "fuzz", (const char *)bytes, size) == 0) {
		struct kg_hash_entry entry;

		(void)kg_hashes_find(hashes, "anna", &entry);
		if (kg_hashes_count(hashes) > size / 34 + 1)
			abort();
	}
	return 0;
}
