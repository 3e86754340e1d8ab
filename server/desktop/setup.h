/* Reads SETUP (server/control/host-messages.h): pure. */
#pragma once

#include "base/limits.h"
#include "server/control/host-messages.h"

struct kg_setup {
	struct kg_host_setup fixed;
	char kind[KG_NAME_MAX + 1];
	char where[KG_HOST_WHERE_MAX + 1];
};

/* The body of a SETUP that the table let through. 0, or -EPROTO: its values are wrong. */
int kg_setup_read(struct kg_setup *ret, const void *body, size_t size);
