/* For those who make workloads. */
#pragma once

#include "bench/workload/canvas.h"
#include "bench/workload/workload.h"

struct kg_workload_impl {
	size_t size;						// of the struct that begins with struct kg_workload, zeroed
	int (*init)(struct kg_workload *workload);		// optional. 0 or -ENOMEM; then done is called
	/*
	 * Makes the canvas frame number `number`, which is not the one that is there: workload->number if workload->drawn, else
	 * none. Adds to workload->damage what it changes.
	 */
	void (*draw)(struct kg_workload *workload, uint32_t number);
	void (*done)(struct kg_workload *workload);		// optional; takes a half-made one too
};

struct kg_workload {			// first member of every workload
	const struct kg_workload_kind *kind;
	struct kg_canvas canvas;
	uint32_t seed;
	uint32_t number;		// the frame that the canvas shows, if drawn
	bool drawn;
	enum kg_workload_cursor cursor;
	struct kg_region damage;
};

/* Everything changed. */
static inline void kg_workload_damage_all(struct kg_workload *workload)
{
	kg_region_add(&workload->damage, (struct kg_rect){ 0, 0, workload->canvas.width, workload->canvas.height });
}

/* Each in a file of its name. */
extern const struct kg_workload_kind kg_workload_text_scroll;
