/* Every call that can fail, fails once in each constructor of base/: nothing may be left behind. Leaks show under ASan. */
#include "base/loop.h"
#include "base/pool.h"
#include "base/ring.h"
#include "tests/tap.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>

static int fail_at = -1;	// the n-th wrapped call from now on fails; below 0: none
static bool failed;

static bool fails(void)
{
	if (fail_at < 0 || fail_at-- > 0)
		return false;
	failed = true;
	return true;
}

/* As functions that return -1 and set errno, that return an error, and that return a negative errno. */
#define WRAP(result, name, parameters, arguments, on_failure)                                      \
	result __real_##name parameters;                                                           \
	result __wrap_##name parameters;                                                           \
	result __wrap_##name parameters                                                            \
	{                                                                                          \
		if (fails())                                                                       \
			return on_failure;                                                         \
		return __real_##name arguments;                                                    \
	}
#define ERRNO(value) (errno = ENFILE, value)

WRAP(void *, calloc, (size_t count, size_t size), (count, size), NULL)
WRAP(int, memfd_create, (const char *name, unsigned flags), (name, flags), ERRNO(-1))
WRAP(int, ftruncate, (int fd, off_t size), (fd, size), ERRNO(-1))
WRAP(void *, mmap, (void *at, size_t size, int protection, int flags, int fd, off_t offset),
     (at, size, protection, flags, fd, offset), ERRNO(MAP_FAILED))
WRAP(int, eventfd, (unsigned value, int flags), (value, flags), ERRNO(-1))
WRAP(int, pthread_create, (pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *data),
     (thread, attributes, start, data), EAGAIN)
WRAP(int, pthread_sigmask, (int how, const sigset_t *set, sigset_t *old), (how, set, old), EINVAL)
WRAP(int, sd_event_new, (sd_event **ret), (ret), -ENFILE)
WRAP(int, sd_event_add_io,
     (sd_event *event, sd_event_source **ret, int fd, uint32_t events, sd_event_io_handler_t fn, void *data),
     (event, ret, fd, events, fn, data), -ENFILE)
WRAP(int, sd_event_add_time,
     (sd_event *event, sd_event_source **ret, clockid_t clock, uint64_t at, uint64_t accuracy, sd_event_time_handler_t fn,
      void *data),
     (event, ret, clock, at, accuracy, fn, data), -ENFILE)
WRAP(int, sd_event_add_signal, (sd_event *event, sd_event_source **ret, int signal, sd_event_signal_handler_t fn, void *data),
     (event, ret, signal, fn, data), -ENFILE)
WRAP(int, sd_event_add_child,
     (sd_event *event, sd_event_source **ret, pid_t pid, int options, sd_event_child_handler_t fn, void *data),
     (event, ret, pid, options, fn, data), -ENFILE)
WRAP(int, sd_event_add_defer, (sd_event *event, sd_event_source **ret, sd_event_handler_t fn, void *data),
     (event, ret, fn, data), -ENFILE)
WRAP(int, sd_event_source_set_time, (sd_event_source *source, uint64_t at), (source, at), -ENFILE)

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
	va_list ap;
	long argument;

	va_start(ap, command);
	argument = va_arg(ap, long);
	va_end(ap);
	return fails() ? ERRNO(-1) : __real_fcntl(fd, command, argument);
}

static struct kg_loop *loop;

static void no_call(void *data)
{
}

static void no_fd(void *data, int fd, uint32_t events)
{
}

static void no_signal(void *data, int signal)
{
}

static void no_child(void *data, pid_t pid, int status)
{
}

static void no_job(void *data, uint32_t i, uint32_t thread)
{
}

/* ---- each makes one thing and frees it where it was made; *made tells whether a result was given ---- */

static int make_loop(void **made)
{
	struct kg_loop *other = NULL;
	int r = kg_loop_new(&other);

	*made = other;
	if (r >= 0)
		kg_loop_free(other);
	return r;
}

static int made_watch(int r, struct kg_watch **watch, void **made)
{
	*made = *watch;
	if (r >= 0)
		kg_watch_free(*watch);
	return r;
}

static int make_fd(void **made)
{
	struct kg_watch *watch = NULL;

	return made_watch(kg_loop_fd(loop, &watch, STDOUT_FILENO, 0, no_fd, NULL), &watch, made);
}

static int make_timer(void **made)
{
	struct kg_watch *watch = NULL;

	return made_watch(kg_loop_timer(loop, &watch, 1000000, no_call, NULL), &watch, made);
}

static int make_signal(void **made)
{
	struct kg_watch *watch = NULL;

	return made_watch(kg_loop_signal(loop, &watch, SIGUSR2, no_signal, NULL), &watch, made);
}

static int make_defer(void **made)
{
	struct kg_watch *watch = NULL;

	return made_watch(kg_loop_defer(loop, &watch, no_call, NULL), &watch, made);
}

static int make_child(void **made)
{
	struct kg_watch *watch = NULL;
	pid_t pid = fork();
	int r;

	if (pid == 0) {
		for (;;)
			pause();
	}
	r = made_watch(kg_loop_child(loop, &watch, pid, no_child, NULL), &watch, made);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return r;
}

static int make_ring(void **made)
{
	struct kg_ring ring;
	int r = kg_ring_init(&ring, 8192);

	*made = ring.memory;
	if (r < 0 && ring.fd != -1)
		*made = &ring.fd;
	kg_ring_done(&ring);
	return r;
}

static struct kg_ring writer;

static int make_reader(void **made)
{
	struct kg_ring ring;
	int fd = dup(writer.fd);
	int r = kg_ring_init_reader(&ring, fd);

	*made = ring.memory;
	kg_ring_done(&ring);
	return r;
}

static int make_pool(void **made)
{
	struct kg_pool *pool = NULL;
	int r = kg_pool_new(&pool, loop, 3);

	*made = pool;
	if (r >= 0)
		kg_pool_free(pool);
	return r;
}

static struct kg_pool *pool_of_sets;

static int make_set(void **made)
{
	struct kg_pool_set *set = NULL;
	int r = kg_pool_run(pool_of_sets, &set, 2, no_job, no_call, NULL);

	*made = set;
	if (r >= 0)
		kg_pool_cancel(pool_of_sets, set);
	return r;
}

/* The lowest free descriptor: what a half-made object could leave. */
static int left(void)
{
	int fd = dup(STDOUT_FILENO);

	close(fd);
	return fd;
}

static const struct {
	const char *name;
	int (*make)(void **made);
	int calls;	// that can fail; at least
} cases[] = {
	{ "a loop", make_loop, 3 },	{ "a descriptor's watch", make_fd, 2 }, { "a timer", make_timer, 3 },
	{ "a signal's watch", make_signal, 3 }, { "a child's watch", make_child, 2 }, { "a deferred call", make_defer, 2 },
	{ "a ring", make_ring, 4 },	{ "a ring's reader", make_reader, 2 },	{ "a pool", make_pool, 9 },
	{ "a set of jobs", make_set, 1 },
};

int main(void)
{
	void *made;

	if (kg_loop_new(&loop) < 0 || kg_ring_init(&writer, 4096) < 0 || kg_pool_new(&pool_of_sets, loop, 1) < 0)
		return EXIT_FAILURE;
	for (size_t i = 0; i < KG_ARRAY_SIZE(cases); i++) {
		int n, first;
		bool clean = true;

		cases[i].make(&made);	// whatever is made once for all
		first = left();
		for (n = 0;; n++) {
			int r;

			made = NULL;
			failed = false;
			fail_at = n;
			r = cases[i].make(&made);
			fail_at = -1;
			if (!failed)
				break;
			clean &= r < 0 && !made && left() == first;
			if (!clean) {
				note("call %d: result %d, descriptor %d instead of %d", n, r, left(), first);
				break;
			}
		}
		ok(clean && n >= cases[i].calls, "%s: each of %d calls fails once, and nothing is left behind", cases[i].name, n);
	}
	kg_ring_done(&writer);
	kg_pool_free(pool_of_sets);
	kg_loop_free(loop);	// asserts that no watch is left
	return tap_end();
}
