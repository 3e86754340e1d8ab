/* What differs between the versions of FreeRDP that this is built with, 3.10 to the newest 3. Only this file asks. */
#pragma once

#include "base/base.h"

#include <freerdp/freerdp.h>
#include <freerdp/version.h>

#if FREERDP_VERSION_MAJOR != 3 || FREERDP_VERSION_MINOR < 10
#error "FreeRDP 3.10 or a later version 3 is needed"
#endif

/* The version that runs, not the one that was compiled with: major << 16 | minor << 8 | revision. */
static inline uint32_t kg_freerdp_version(void)
{
	int major = 0, minor = 0, revision = 0;

	freerdp_get_version(&major, &minor, &revision);
	return (uint32_t)major << 16 | (uint32_t)minor << 8 | (uint32_t)revision;
}
