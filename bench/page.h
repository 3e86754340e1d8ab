/* A page of HTML with what measurements found: a table and plots. It needs nothing from outside, and no script. */
#pragma once

#include "bench/results.h"

#include <stdio.h>

#define KG_PAGE_RESULTS_MAX 16

/* count: 1 to KG_PAGE_RESULTS_MAX. Returns 0, or -ENOMEM. Whether file took it is for the caller to see. */
int kg_page_write(FILE *file, const struct kg_result *results, size_t count);
