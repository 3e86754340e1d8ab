/* Numbers of command lines. */
#pragma once

#include "base/base.h"

#define KG_FPS_MAX 1000

/* Decimal digits only, from min to max. */
static inline bool kg_number_parse(const char *text, uint32_t min, uint32_t max, uint32_t *ret)
{
	unsigned long value;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || value < min || value > max)
		return false;
	*ret = (uint32_t)value;
	return true;
}
