/* Numbers from times and back. */
#include "bench/workload/pace.h"

static uint32_t last_of(const struct kg_pace *pace)
{
	return pace->once ? pace->frames - 1 : UINT32_MAX;
}

/* The last frame of a pass whose time has come. */
static uint32_t found(const struct kg_pace *pace, uint64_t at_us)
{
	uint32_t low = 0, high = pace->frames;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (pace->times_us[middle] <= at_us)
			low = middle;
		else
			high = middle;
	}
	return low;
}

uint32_t kg_pace_number(const struct kg_pace *pace, int64_t shown, uint64_t now_us)
{
	int64_t since = (int64_t)(now_us - pace->begun_us);
	uint64_t since_us = since > 0 ? (uint64_t)since : 0, number;

	if (pace->taken)
		number = (uint64_t)(shown + 1);
	else if (pace->fps)
		number = since_us / 1000000 * pace->fps + since_us % 1000000 * pace->fps / 1000000;
	else
		number = since_us / pace->pass_us * pace->frames + found(pace, since_us % pace->pass_us);
	return (uint32_t)KG_MIN(KG_MAX(number, (uint64_t)KG_MAX(shown, (int64_t)0)), (uint64_t)last_of(pace));
}

uint64_t kg_pace_due_us(const struct kg_pace *pace, uint64_t number)
{
	if (number > last_of(pace))
		return UINT64_MAX;
	if (pace->taken)
		return 0;
	if (pace->fps)
		return pace->begun_us + (number * 1000000 + pace->fps - 1) / pace->fps;
	return pace->begun_us + number / pace->frames * pace->pass_us + pace->times_us[number % pace->frames];
}
