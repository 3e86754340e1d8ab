/* Jobs over memory that is constant while they run: in this thread, or spread over a pool as the view does it. */
#pragma once

#include "base/pool.h"

struct kg_work;

/* threads 1: no pool; at most 64. */
int kg_work_new(struct kg_work **ret, uint32_t threads);
void kg_work_free(struct kg_work *work);		// NULL is fine
uint32_t kg_work_threads(const struct kg_work *work);

/* Runs jobs 0 to count - 1 and returns when all have run. A pool that fails ends the process: a time would be a lie. */
void kg_work_run(struct kg_work *work, uint32_t count, kg_job_fn job, void *data);
