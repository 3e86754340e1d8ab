/*
 * What processes cost: their time on the processor and their private memory, from /proc. A group of them is said in
 * words, separated by commas, and looked up anew at each reading:
 *	NUMBER		a process and all that descend from it, with those of them that have ended
 *	/PATH		all of a control group, a folder with cgroup.procs
 *	NAME		all processes of that name (of which the kernel keeps 15 letters)
 */
#pragma once

#include "base/base.h"

struct kg_meter_reading {
	uint32_t processes;
	uint64_t cpu_us;		// since they began
	uint64_t private_bytes;		// pages that nobody else maps, and swapped ones
	uint64_t at_us;			// kg_now_us()
};

/* Returns 0, or a negative errno; -ESRCH: there is no such process. What may not be read counts as nothing. */
int kg_meter_read(const char *group, struct kg_meter_reading *ret);

/* This process alone, with its threads. */
int kg_meter_read_self(struct kg_meter_reading *ret);

/* Time on the processor between two readings as a share of one core, 1: all of it. */
static inline double kg_meter_cores(const struct kg_meter_reading *from, const struct kg_meter_reading *to)
{
	uint64_t wall = to->at_us - from->at_us;

	return wall && to->cpu_us > from->cpu_us ? (double)(to->cpu_us - from->cpu_us) / (double)wall : 0;
}
