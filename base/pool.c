/*
 * Threads that run sets of pure jobs.
 *
 * This file has the only mutex of the tree. It guards the list of sets with their counters, and `ending`; nothing else is
 * shared. The loop cannot serve instead: which thread takes the next job must be decided without going round by the loop
 * thread, or a tile of a few microseconds would wait for a wake-up. It is held for a few instructions per job, and never
 * while a job or a callback runs. The jobs' own memory is handed over by it: what the loop thread wrote before
 * kg_pool_run() is seen by the jobs, and what they wrote is seen when done is called.
 */
#include "base/pool.h"

#include "base/loop.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>

#define THREADS_MAX 64

struct kg_pool_set {
	struct kg_pool_set *next;
	kg_job_fn job;
	kg_set_done_fn done;
	void *data;
	uint32_t count;		// jobs in all
	uint32_t taken;		// jobs 0 to taken - 1 were taken by threads
	uint32_t running;	// of them, those that run now
};

struct kg_thread {
	struct kg_pool *pool;
	pthread_t thread;
};

struct kg_pool {
	struct kg_watch *watch;
	int wake_fd;		// eventfd: a set has become complete

	pthread_mutex_t mutex;
	pthread_cond_t work;	// for the threads: a set has jobs to take, or the pool ends
	pthread_cond_t idle;	// for the loop thread: the last running job of a cancelled set has ended
	struct kg_pool_set *first, **last;	// all sets, in the order they came
	bool ending;

	uint32_t thread_count;
	struct kg_thread threads[];
};

static bool is_complete(const struct kg_pool_set *set)
{
	return set->taken == set->count && set->running == 0;
}

/* With the mutex held. */
static struct kg_pool_set *set_with_work(struct kg_pool *pool)
{
	struct kg_pool_set *set = pool->first;

	while (set && set->taken == set->count)
		set = set->next;
	return set;
}

/* With the mutex held. */
static void unlink_set(struct kg_pool *pool, struct kg_pool_set *set)
{
	struct kg_pool_set **at = &pool->first;

	while (*at != set) {
		assert(*at);	// else the set is not, or no longer, of this pool
		at = &(*at)->next;
	}
	*at = set->next;
	if (!set->next)
		pool->last = at;
}

static void wake_loop(struct kg_pool *pool)
{
	static const uint64_t one = 1;
	ssize_t r;

	do	// cannot block or fail otherwise: the counter would have to be near 2^64
		r = write(pool->wake_fd, &one, sizeof(one));
	while (r < 0 && errno == EINTR);
	(void)r;
}

static void *thread_main(void *data)
{
	struct kg_thread *thread = data;
	struct kg_pool *pool = thread->pool;
	uint32_t number = (uint32_t)(thread - pool->threads);

	pthread_mutex_lock(&pool->mutex);
	while (!pool->ending) {
		struct kg_pool_set *set = set_with_work(pool);
		uint32_t i;

		if (!set) {
			pthread_cond_wait(&pool->work, &pool->mutex);
			continue;
		}
		i = set->taken++;
		set->running++;
		pthread_mutex_unlock(&pool->mutex);

		set->job(set->data, i, number);

		pthread_mutex_lock(&pool->mutex);
		set->running--;
		if (!is_complete(set))
			continue;
		pthread_cond_signal(&pool->idle);
		/* From here the set may be freed: only the pool, which joins this thread first, is still there. */
		pthread_mutex_unlock(&pool->mutex);
		wake_loop(pool);
		pthread_mutex_lock(&pool->mutex);
	}
	pthread_mutex_unlock(&pool->mutex);
	return NULL;
}

/* With the mutex held. */
static struct kg_pool_set *complete_set(struct kg_pool *pool)
{
	struct kg_pool_set *set = pool->first;

	while (set && !is_complete(set))
		set = set->next;
	return set;
}

/* One set a turn: done may free the pool, so nothing is touched after it. If there is another, the next turn takes it. */
static void on_wake(void *data, int fd, uint32_t events)
{
	struct kg_pool *pool = data;
	struct kg_pool_set *set;
	kg_set_done_fn done;
	void *done_data;
	uint64_t wakes;
	bool more;

	if (read(fd, &wakes, sizeof(wakes)) < 0)
		return;
	pthread_mutex_lock(&pool->mutex);
	set = complete_set(pool);	// NULL: it was cancelled in between
	if (set)
		unlink_set(pool, set);
	more = complete_set(pool);
	pthread_mutex_unlock(&pool->mutex);
	if (more)
		wake_loop(pool);
	if (!set)
		return;
	done = set->done;
	done_data = set->data;
	free(set);
	done(done_data);
}

static uint32_t processors(void)
{
	cpu_set_t set;
	int count = 1;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		count = CPU_COUNT(&set);
	else if (errno == EINVAL)	// more processors than the set has bits
		count = THREADS_MAX;
	return (uint32_t)KG_MAX(1, KG_MIN(count, THREADS_MAX));
}

/* Signals are the loop thread's: a pool thread would interrupt a job for nothing. */
static int start_threads(struct kg_pool *pool, uint32_t count)
{
	sigset_t all, saved;
	int r, restored;

	sigfillset(&all);
	r = -pthread_sigmask(SIG_SETMASK, &all, &saved);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < count && r == 0; i++) {
		pool->threads[i].pool = pool;
		r = -pthread_create(&pool->threads[i].thread, NULL, thread_main, &pool->threads[i]);
		if (r == 0)
			pool->thread_count++;
	}
	restored = -pthread_sigmask(SIG_SETMASK, &saved, NULL);
	return r < 0 ? r : restored;
}

int kg_pool_new(struct kg_pool **ret, struct kg_loop *loop, uint32_t threads)
{
	uint32_t count = KG_MIN(threads ? threads : processors(), (uint32_t)THREADS_MAX);
	struct kg_pool *pool = calloc(1, sizeof(*pool) + count * sizeof(pool->threads[0]));
	int r;

	if (!pool)
		return -ENOMEM;
	pool->last = &pool->first;
	pthread_mutex_init(&pool->mutex, NULL);		// these three cannot fail in glibc
	pthread_cond_init(&pool->work, NULL);
	pthread_cond_init(&pool->idle, NULL);

	r = pool->wake_fd = KG_SYS(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (r < 0)
		goto fail;
	r = kg_loop_fd(loop, &pool->watch, pool->wake_fd, EPOLLIN, on_wake, pool);
	if (r < 0)
		goto fail;
	r = start_threads(pool, count);
	if (r < 0)
		goto fail;
	*ret = pool;
	return 0;

fail:
	kg_pool_free(pool);
	return r;
}

void kg_pool_free(struct kg_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->mutex);
	pool->ending = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->mutex);
	for (uint32_t i = 0; i < pool->thread_count; i++)
		pthread_join(pool->threads[i].thread, NULL);

	while (pool->first) {
		struct kg_pool_set *set = pool->first;

		pool->first = set->next;
		free(set);
	}
	kg_watch_free(pool->watch);
	kg_close(pool->wake_fd);
	pthread_cond_destroy(&pool->idle);
	pthread_cond_destroy(&pool->work);
	pthread_mutex_destroy(&pool->mutex);
	free(pool);
}

uint32_t kg_pool_threads(const struct kg_pool *pool)
{
	return pool->thread_count;
}

int kg_pool_run(struct kg_pool *pool, struct kg_pool_set **ret, uint32_t count, kg_job_fn job, kg_set_done_fn done,
		void *data)
{
	struct kg_pool_set *set;

	if (count == 0)
		return -EINVAL;
	set = calloc(1, sizeof(*set));
	if (!set)
		return -ENOMEM;
	set->job = job;
	set->done = done;
	set->data = data;
	set->count = count;

	/* Before the threads can run: the caller may look at *ret as soon as done is called, never before. */
	*ret = set;
	pthread_mutex_lock(&pool->mutex);
	*pool->last = set;
	pool->last = &set->next;
	if (count < pool->thread_count) {
		for (uint32_t i = 0; i < count; i++)
			pthread_cond_signal(&pool->work);
	} else {
		pthread_cond_broadcast(&pool->work);
	}
	pthread_mutex_unlock(&pool->mutex);
	return 0;
}

void kg_pool_cancel(struct kg_pool *pool, struct kg_pool_set *set)
{
	if (!set)
		return;
	pthread_mutex_lock(&pool->mutex);
	set->count = set->taken;	// no thread takes another
	while (set->running)
		pthread_cond_wait(&pool->idle, &pool->mutex);
	unlink_set(pool, set);
	pthread_mutex_unlock(&pool->mutex);
	free(set);
}
