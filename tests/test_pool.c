/* The pool: each job runs once, in a thread of its own, and the loop is told when all have. To be run under TSan too. */
#include "base/loop.h"
#include "base/pool.h"
#include "tests/tap.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

static struct kg_loop *loop;
static struct kg_pool *pool;

#define turn_until(condition)                                                                      \
	({                                                                                         \
		double deadline_ = tap_now() + 10;                                                 \
		while (!(condition) && tap_now() < deadline_)                                      \
			kg_loop_turn(loop, 10000);                                                 \
		(condition);                                                                       \
	})

enum { JOBS = 5000 };

struct work {
	uint32_t results[JOBS];		// plain memory: TSan sees a hand-over that is not ordered
	atomic_uint runs;
	unsigned done;
	pthread_t loop_thread;
	bool on_loop_thread;
	atomic_bool bad_thread, signals_open;
};

static void square(void *data, uint32_t i, uint32_t thread)
{
	struct work *work = data;
	sigset_t set;

	work->results[i] += i * i + 1;
	if (thread >= kg_pool_threads(pool) || pthread_equal(pthread_self(), work->loop_thread))
		work->bad_thread = true;
	pthread_sigmask(SIG_SETMASK, NULL, &set);
	if (!sigismember(&set, SIGTERM) || !sigismember(&set, SIGCHLD) || !sigismember(&set, SIGUSR1))
		work->signals_open = true;
	work->runs++;
}

static void work_done(void *data)
{
	struct work *work = data;

	work->done++;
	work->on_loop_thread = pthread_equal(pthread_self(), work->loop_thread);
}

static void test_run(void)
{
	static struct work work;
	struct kg_pool_set *set;
	bool right = true;

	work.loop_thread = pthread_self();
	for (uint32_t i = 0; i < JOBS; i++)
		work.results[i] = i;
	ok(kg_pool_run(pool, &set, JOBS, square, work_done, &work) == 0, "a set of %d jobs is queued", JOBS);
	turn_until(work.done);
	for (uint32_t i = 0; i < JOBS; i++)
		right &= work.results[i] == i + i * i + 1;
	ok(right && work.runs == JOBS, "each job ran once, over what was written before, and its result is seen");
	ok(work.done == 1 && work.on_loop_thread, "done is called once, on the loop thread");
	ok(!work.bad_thread, "jobs run in threads of the pool, with their numbers");
	ok(!work.signals_open, "which have all signals blocked");
	kg_loop_turn(loop, 0);
	ok(kg_loop_turn(loop, 5000) == 0, "then the loop is not woken any more");
	ok(kg_pool_run(pool, &set, 0, square, work_done, &work) == -EINVAL, "a set without jobs is refused");
}

struct order {
	atomic_uint next;
	unsigned first_of[8];
	unsigned done[8], done_count;
};

struct order_set {
	struct order *order;
	unsigned number;
};

static void order_job(void *data, uint32_t i, uint32_t thread)
{
	struct order_set *set = data;
	unsigned now = set->order->next++;

	if (i == 0)
		set->order->first_of[set->number] = now;
}

static void order_done(void *data)
{
	struct order_set *set = data;

	set->order->done[set->order->done_count++] = set->number;
}

static void test_order(struct kg_pool *one)
{
	struct order order = { 0 };
	struct order_set sets[8];
	struct kg_pool_set *set;
	bool right = true;

	for (unsigned i = 0; i < 8; i++) {
		sets[i] = (struct order_set){ &order, i };
		kg_pool_run(one, &set, 10, order_job, order_done, &sets[i]);
	}
	turn_until(order.done_count == 8);
	for (unsigned i = 0; i < 8; i++)
		right &= order.done[i] == i && order.first_of[i] == i * 10;
	ok(right, "sets run first in, first out");
}

struct gate {
	atomic_bool open;
	atomic_uint entered, left;
	unsigned done;
};

static void gate_job(void *data, uint32_t i, uint32_t thread)
{
	struct gate *gate = data;

	gate->entered++;
	while (!gate->open)
		poll(NULL, 0, 1);
	gate->left++;
}

static void gate_done(void *data)
{
	((struct gate *)data)->done++;
}

static void *open_later(void *data)
{
	struct gate *gate = data;

	wait_until(gate->entered > 0, 5000);
	poll(NULL, 0, 20);	// the loop thread is most likely waiting in cancel or free; right either way
	gate->open = true;
	return NULL;
}

static void test_cancel(void)
{
	struct gate gate = { 0 }, waiting = { .open = true };
	struct kg_pool_set *set, *behind;
	pthread_t thread;

	kg_pool_run(pool, &set, 1000, gate_job, gate_done, &gate);
	kg_pool_run(pool, &behind, 10, gate_job, gate_done, &waiting);
	pthread_create(&thread, NULL, open_later, &gate);
	wait_until(gate.entered > 0, 5000);
	kg_pool_cancel(pool, set);
	ok(gate.left == gate.entered && gate.entered <= 1000, "cancel waits for the jobs that run and drops the rest (%u ran)",
	   gate.entered);
	pthread_join(thread, NULL);
	turn_until(waiting.done);
	ok(waiting.done == 1 && gate.done == 0, "the set behind it runs, and the cancelled one is not reported");

	/* Complete, but not reported yet. */
	gate = (struct gate){ .open = true };
	kg_pool_run(pool, &set, 10, gate_job, gate_done, &gate);
	wait_until(gate.left == 10, 5000);
	kg_pool_cancel(pool, set);
	kg_loop_turn(loop, 5000);
	kg_loop_turn(loop, 0);
	ok(gate.done == 0, "a set that was cancelled between its end and its report is not reported");
	kg_pool_cancel(pool, NULL);
}

static struct kg_pool *suicide;

static void free_pool(void *data)
{
	++*(unsigned *)data;
	kg_pool_free(suicide);
	suicide = NULL;
}

static void no_job(void *data, uint32_t i, uint32_t thread)
{
}

static void test_free(void)
{
	struct gate gate = { 0 };
	struct kg_pool_set *set;
	struct kg_pool *other;
	pthread_t thread;
	unsigned calls = 0;

	kg_pool_new(&other, loop, 2);
	kg_pool_run(other, &set, 1000, gate_job, gate_done, &gate);
	kg_pool_run(other, &set, 1000, gate_job, gate_done, &gate);
	pthread_create(&thread, NULL, open_later, &gate);
	wait_until(gate.entered > 0, 5000);
	kg_pool_free(other);
	pthread_join(thread, NULL);
	kg_loop_turn(loop, 0);
	ok(gate.left == gate.entered && gate.entered <= 2 && gate.done == 0,
	   "free waits for the jobs that run and drops the rest, unreported (%u ran)", gate.entered);

	kg_pool_new(&suicide, loop, 3);
	for (int i = 0; i < 5; i++)
		kg_pool_run(suicide, &set, 4, no_job, free_pool, &calls);
	turn_until(calls);
	kg_loop_turn(loop, 0);
	ok(calls == 1 && !suicide, "the pool may be freed in done");
	kg_pool_free(NULL);
}

/* Sets of random sizes, cancelled or replaced at random: what a desktop with several views does. */
struct slot {
	struct kg_pool_set *set;
	uint32_t count, cells[64];
	unsigned done;
};

static void slot_job(void *data, uint32_t i, uint32_t thread)
{
	((struct slot *)data)->cells[i]++;
}

static void slot_done(void *data)
{
	struct slot *slot = data;

	slot->set = NULL;
	slot->done++;
}

static void test_random(void)
{
	struct slot slots[6] = { 0 };
	bool right = true;
	unsigned done = 0;

	for (int step = 0; step < 4000; step++) {
		struct slot *slot = &slots[rnd() % 6];

		if (slot->set && rnd() % 4 == 0) {
			kg_pool_cancel(pool, slot->set);
			slot->set = NULL;
			for (uint32_t i = 0; i < slot->count; i++)
				right &= slot->cells[i] <= 1;
		} else if (!slot->set) {
			if (slot->done) {
				for (uint32_t i = 0; i < slot->count; i++)
					right &= slot->cells[i] == 1;
				done++;
			}
			*slot = (struct slot){ .count = 1 + rnd() % 64 };
			kg_pool_run(pool, &slot->set, slot->count, slot_job, slot_done, slot);
		}
		if (rnd() % 3 == 0)
			kg_loop_turn(loop, rnd() % 2 ? 200 : 0);
	}
	for (int i = 0; i < 6; i++)
		turn_until(!slots[i].set);
	ok(right && done > 100, "sets queued, finished and cancelled at random run each job at most once, or all (%u)", done);
}

int main(void)
{
	struct kg_pool *one;

	tap_seed_init();
	if (kg_loop_new(&loop) < 0 || kg_pool_new(&pool, loop, 4) < 0 || kg_pool_new(&one, loop, 1) < 0)
		return EXIT_FAILURE;
	ok(kg_pool_threads(pool) == 4, "a pool has the threads that were asked for");
	test_run();
	test_order(one);
	test_cancel();
	test_free();
	test_random();
	kg_pool_free(one);
	kg_pool_free(pool);

	kg_pool_new(&pool, loop, 0);
	ok(kg_pool_threads(pool) >= 1 && kg_pool_threads(pool) <= 64, "or one per processor (%u)", kg_pool_threads(pool));
	kg_pool_free(pool);
	kg_loop_free(loop);
	return tap_end();
}
