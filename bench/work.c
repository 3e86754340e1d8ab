/* Jobs by a pool of threads, with a loop of their own to be woken by. */
#include "bench/work.h"

#include "base/loop.h"

#include <stdio.h>

#define THREADS_MAX 64

struct kg_work {
	uint32_t threads;
	struct kg_loop *loop;
	struct kg_pool *pool;
	kg_job_fn job;			// of the set that runs
	void *data;
	bool done;
};

int kg_work_new(struct kg_work **ret, uint32_t threads)
{
	struct kg_work *work;
	int r;

	if (!threads || threads > THREADS_MAX)
		return -EINVAL;
	work = calloc(1, sizeof(*work));
	if (!work)
		return -ENOMEM;
	work->threads = threads;
	if (threads > 1) {
		r = kg_loop_new(&work->loop);
		if (r < 0)
			goto fail;
		r = kg_pool_new(&work->pool, work->loop, threads);
		if (r < 0)
			goto fail;
	}
	*ret = work;
	return 0;

fail:
	kg_work_free(work);
	return r;
}

void kg_work_free(struct kg_work *work)
{
	if (!work)
		return;
	kg_pool_free(work->pool);
	kg_loop_free(work->loop);
	free(work);
}

uint32_t kg_work_threads(const struct kg_work *work)
{
	return work->threads;
}

static void on_done(void *data)
{
	struct kg_work *work = data;

	work->done = true;
}

static void run_job(void *data, uint32_t i, uint32_t thread)
{
	struct kg_work *work = data;

	work->job(work->data, i, thread);
}

void kg_work_run(struct kg_work *work, uint32_t count, kg_job_fn job, void *data)
{
	struct kg_pool_set *set;
	int r;

	if (!work->pool) {
		for (uint32_t i = 0; i < count; i++)
			job(data, i, 0);
		return;
	}
	work->job = job;
	work->data = data;
	work->done = false;
	r = kg_pool_run(work->pool, &set, count, run_job, on_done, work);
	while (r >= 0 && !work->done)
		r = kg_loop_turn(work->loop, UINT64_MAX);
	if (r < 0) {
		fprintf(stderr, "the pool fails: %s\n", strerror(-r));
		exit(EXIT_FAILURE);
	}
}
