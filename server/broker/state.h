/* The state directory: certificate, key and accounts. */
#pragma once

#include "base/base.h"

/* Makes it where it is missing, for its owner only, and what is above it. One that others may write in is refused. Logs why. */
int kg_state_make(const char *path);
