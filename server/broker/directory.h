/* Who may use which desktop. One kind so far: what the configuration says. */
#pragma once

#include "base/base.h"

struct kg_config;
struct kg_config_desktop;

/* The desktop of a proved user: one that names the user before one that is for everybody. NULL when there is none. */
const struct kg_config_desktop *kg_directory_find(const struct kg_config *config, const char *user);
