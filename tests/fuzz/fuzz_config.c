/* Any bytes as a configuration file: refused with a line, or taken; never anything else. */
#include "base/base.h"
#include "server/broker/config.h"
#include "server/broker/directory.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kg_config config;
	struct kg_config_error error = { 0 };
	int r;

	kg_config_init(&config);
	r = kg_config_parse(&config, (const char *)data, size, &error);
	if (r == 0)
		r = kg_config_check(&config, &error);
	assert(r == 0 || r == -EINVAL);
	assert(r == 0 || error.text[0]);
	if (r == 0) {
		assert(config.desktops && config.desktops->kind && config.listen_count);
		(void)kg_directory_find(&config, "anna");
	}
	kg_config_done(&config);
	return 0;
}
