/*
 * A pool of threads that runs pure jobs over memory that is constant while they run. The loop thread owns all other state.
 * A set is a number of jobs of one function; threads take the next number until none is left.
 */
#pragma once

#include "base/base.h"

struct kg_loop;
struct kg_pool;
struct kg_pool_set;

/* Runs in a pool thread: job number i of the set, in thread number thread (0 to kg_pool_threads() - 1). */
typedef void (*kg_job_fn)(void *data, uint32_t i, uint32_t thread);

/* Called on the loop thread when every job of the set has run. The set is freed before. */
typedef void (*kg_set_done_fn)(void *data);

/* threads 0: as many as this process may use processors, at most 64. */
int kg_pool_new(struct kg_pool **ret, struct kg_loop *loop, uint32_t threads);

/* Waits for what runs, drops what waits: done is not called any more. NULL is fine. */
void kg_pool_free(struct kg_pool *pool);

uint32_t kg_pool_threads(const struct kg_pool *pool);

/*
 * Queues jobs 0 to count - 1; sets run first in, first out, and share the threads. count > 0.
 * data stays the caller's and must live until done was called or the set cancelled.
 */
int kg_pool_run(struct kg_pool *pool, struct kg_pool_set **ret, uint32_t count, kg_job_fn job, kg_set_done_fn done,
		void *data);

/* Waits for the jobs of the set that run now, drops the rest; done is not called. NULL is fine. */
void kg_pool_cancel(struct kg_pool *pool, struct kg_pool_set *set);
