/* The event loop of a process: sd-event behind a few calls. */
#include "base/loop.h"

#include <assert.h>
#include <signal.h>
#include <systemd/sd-event.h>
#include <sys/wait.h>
#include <time.h>

#define TIMER_ACCURACY_US 1000

struct kg_loop {
	sd_event *event;
	uint32_t watches;	// that were made and not freed: they must all go before the loop
};

struct kg_watch {
	struct kg_loop *loop;
	sd_event_source *source;
	uint32_t events;	// of a fd watch: what it waits for now
	void *data;
	union {
		kg_fd_fn fd;
		kg_call_fn call;
		kg_signal_fn signal;
		kg_child_fn child;
	} fn;
};

int kg_loop_new(struct kg_loop **ret)
{
	struct kg_loop *loop = calloc(1, sizeof(*loop));
	sigset_t set;
	int r;

	if (!loop)
		return -ENOMEM;
	r = sd_event_new(&loop->event);
	if (r < 0)
		goto fail;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	r = -pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (r < 0)
		goto fail;
	*ret = loop;
	return 0;

fail:
	kg_loop_free(loop);
	return r;
}

void kg_loop_free(struct kg_loop *loop)
{
	if (!loop)
		return;
	assert(loop->watches == 0);
	sd_event_unref(loop->event);
	free(loop);
}

static int watch_new(struct kg_watch **ret, struct kg_loop *loop, void *data)
{
	struct kg_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	watch->loop = loop;
	watch->data = data;
	loop->watches++;
	*ret = watch;
	return 0;
}

/* sd-event keeps a source alive while it dispatches it, and does not dispatch one that was disabled: a callback may free
 * this watch or any other. */
void kg_watch_free(struct kg_watch *watch)
{
	if (!watch)
		return;
	watch->loop->watches--;
	sd_event_source_disable_unref(watch->source);
	free(watch);
}

/* The end of each constructor: hands the watch out, or frees it when r is an error. */
static int watch_made(struct kg_watch **ret, struct kg_watch *watch, int r)
{
	if (r < 0) {
		kg_watch_free(watch);
		return r;
	}
	*ret = watch;
	return 0;
}

static int on_fd(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct kg_watch *watch = data;

	watch->fn.fd(watch->data, fd, events);
	return 0;
}

int kg_loop_fd(struct kg_loop *loop, struct kg_watch **ret, int fd, uint32_t events, kg_fd_fn fn, void *data)
{
	struct kg_watch *watch;
	int r = watch_new(&watch, loop, data);

	if (r < 0)
		return r;
	watch->fn.fd = fn;
	watch->events = events;
	r = sd_event_add_io(loop->event, &watch->source, fd, events, on_fd, watch);
	return watch_made(ret, watch, r);
}

int kg_watch_set_events(struct kg_watch *watch, uint32_t events)
{
	int r;

	if (events == watch->events)
		return 0;
	r = sd_event_source_set_io_events(watch->source, events);
	if (r >= 0)
		watch->events = events;
	return r < 0 ? r : 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct kg_watch *watch = data;

	watch->fn.call(watch->data);	// the source is one-shot: off already, and may be armed anew in there
	return 0;
}

int kg_loop_timer(struct kg_loop *loop, struct kg_watch **ret, uint64_t in_us, kg_call_fn fn, void *data)
{
	struct kg_watch *watch;
	int r = watch_new(&watch, loop, data);

	if (r < 0)
		return r;
	watch->fn.call = fn;
	/* Made as "never" (UINT64_MAX), which sd-event takes for the clock too; armed below. */
	r = sd_event_add_time(loop->event, &watch->source, CLOCK_MONOTONIC, UINT64_MAX, TIMER_ACCURACY_US, on_timer, watch);
	if (r >= 0)
		r = kg_watch_arm(watch, in_us);
	return watch_made(ret, watch, r);
}

int kg_watch_arm(struct kg_watch *watch, uint64_t in_us)
{
	uint64_t now = kg_now_us(), at;
	int r;

	if (in_us == UINT64_MAX)
		return KG_MIN(sd_event_source_set_enabled(watch->source, SD_EVENT_OFF), 0);
	if (__builtin_add_overflow(now, in_us, &at))
		at = UINT64_MAX - 1;
	r = sd_event_source_set_time(watch->source, at);
	if (r >= 0)
		r = sd_event_source_set_enabled(watch->source, SD_EVENT_ONESHOT);
	return r < 0 ? r : 0;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct kg_watch *watch = data;

	watch->fn.signal(watch->data, (int)info->ssi_signo);
	return 0;
}

int kg_loop_signal(struct kg_loop *loop, struct kg_watch **ret, int signal, kg_signal_fn fn, void *data)
{
	struct kg_watch *watch;
	sigset_t set;
	int r = watch_new(&watch, loop, data);

	if (r < 0)
		return r;
	watch->fn.signal = fn;
	sigemptyset(&set);
	sigaddset(&set, signal);
	r = -pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (r >= 0)
		r = sd_event_add_signal(loop->event, &watch->source, signal, on_signal, watch);
	return watch_made(ret, watch, r);
}

/* What waitpid(2) would have said: glibc has no macro for the way back. */
static int status_of(const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		return (info->si_status & 0xff) << 8;
	return (info->si_status & 0x7f) | (info->si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

/* sd-event reaps the child when this returns, also when the callback has freed the watch: until then the pid is not used
 * again, and a callback that starts a child anew cannot meet it. */
static int on_child(sd_event_source *source, const siginfo_t *info, void *data)
{
	struct kg_watch *watch = data;

	if (info->si_code == CLD_CONTINUED)
		return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	watch->fn.child(watch->data, info->si_pid, status_of(info));
	return 0;
}

int kg_loop_child(struct kg_loop *loop, struct kg_watch **ret, pid_t pid, kg_child_fn fn, void *data)
{
	struct kg_watch *watch;
	int r = watch_new(&watch, loop, data);

	if (r < 0)
		return r;
	watch->fn.child = fn;
	/*
	 * With WEXITED alone sd-event waits for a pidfd, once: that of a child that dies under a tracer (strace, a sanitizer's
	 * search for leaks) is ready before the child can be reaped, and never again. SIGCHLD comes when it can be.
	 */
	r = sd_event_add_child(loop->event, &watch->source, pid, WEXITED | WCONTINUED, on_child, watch);
	return watch_made(ret, watch, r);
}

static int on_defer(sd_event_source *source, void *data)
{
	struct kg_watch *watch = data;

	watch->fn.call(watch->data);
	return 0;
}

/*
 * sd-event takes what is due in the order of the turns in which it became due, and within a turn in no order. So a deferred
 * call waits one turn more: then all that was due when it was made has gone before it. A lower priority would do that too,
 * but a descriptor that is always ready would keep the call away for ever. The second turn needs a new source, for one
 * that is armed again keeps its old turn; without memory for it the call comes now.
 */
static int on_defer_first(sd_event_source *source, void *data)
{
	struct kg_watch *watch = data;
	sd_event_source *second;

	if (sd_event_add_defer(watch->loop->event, &second, on_defer, watch) < 0)
		return on_defer(source, data);
	sd_event_source_unref(watch->source);
	watch->source = second;
	return 0;
}

int kg_loop_defer(struct kg_loop *loop, struct kg_watch **ret, kg_call_fn fn, void *data)
{
	struct kg_watch *watch;
	int r = watch_new(&watch, loop, data);

	if (r < 0)
		return r;
	watch->fn.call = fn;
	r = sd_event_add_defer(loop->event, &watch->source, on_defer_first, watch);	// one-shot by itself
	return watch_made(ret, watch, r);
}

int kg_loop_run(struct kg_loop *loop)
{
	return sd_event_loop(loop->event);
}

void kg_loop_quit(struct kg_loop *loop, int code)
{
	/* Fails only in a loop that has ended or is another process's: our own mistakes. */
	int r = sd_event_exit(loop->event, code);

	assert(r >= 0 || r == -ESTALE);
	(void)r;
}

int kg_loop_turn(struct kg_loop *loop, uint64_t timeout_us)
{
	int r = sd_event_run(loop->event, timeout_us);

	return r < 0 ? r : r > 0;
}

uint64_t kg_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}
