/* The event loop: what is due is called, what is freed is not, and an idle loop sleeps. */
#include "base/loop.h"
#include "tests/tap.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Stands before the C library's for sd-event too. */
static unsigned epoll_ctl_calls;

__attribute__((visibility("default"))) int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	epoll_ctl_calls++;
	return (int)syscall(SYS_epoll_ctl, epfd, op, fd, event);
}

static struct kg_loop *loop;

/* Turns until the condition holds, at most 2 s. */
#define turn_until(condition)                                                                      \
	({                                                                                         \
		double deadline_ = tap_now() + 2;                                                  \
		while (!(condition) && tap_now() < deadline_)                                      \
			kg_loop_turn(loop, 10000);                                                 \
		(condition);                                                                       \
	})

/* All that is due now. */
static void drain(void)
{
	while (kg_loop_turn(loop, 0) > 0)
		;
}

static void count_call(void *data)
{
	++*(unsigned *)data;
}

static void count_fd(void *data, int fd, uint32_t events)
{
	++*(unsigned *)data;
}

static int ready_fd(void)
{
	int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		abort();
	return fd;
}

static void test_fd(void)
{
	unsigned calls = 0, before;
	int fd = ready_fd();
	uint64_t value;
	struct kg_watch *watch;

	ok(kg_loop_fd(loop, &watch, fd, EPOLLIN, count_fd, &calls) == 0, "a descriptor is watched");
	kg_loop_turn(loop, 0);
	kg_loop_turn(loop, 0);
	ok(calls == 2, "a ready descriptor is reported in every turn (%u)", calls);

	kg_watch_set_events(watch, 0);
	drain();
	ok(calls == 2, "a descriptor whose events are off is not reported");

	kg_watch_set_events(watch, EPOLLIN);
	before = epoll_ctl_calls;
	for (int i = 0; i < 100; i++)
		kg_watch_set_events(watch, EPOLLIN);
	ok(before > 0 && epoll_ctl_calls == before, "setting the same events makes no system call (%u)",
	   epoll_ctl_calls - before);

	ok(read(fd, &value, sizeof(value)) == sizeof(value) && kg_loop_turn(loop, 0) == 0 && calls == 2,
	   "a descriptor that is not ready is not reported");
	kg_watch_free(watch);
	close(fd);

	ok(kg_loop_fd(loop, &watch, -1, EPOLLIN, count_fd, &calls) < 0, "no descriptor: an error");
}

static void test_timer(void)
{
	unsigned calls = 0;
	uint64_t start = kg_now_us(), late;
	struct kg_watch *watch;

	kg_loop_timer(loop, &watch, 20000, count_call, &calls);
	turn_until(calls);
	late = kg_now_us() - start - 20000;
	ok(calls == 1 && late < 500000, "a timer comes once, not early (%llu us late)", (unsigned long long)late);
	kg_loop_turn(loop, 30000);
	ok(calls == 1, "a timer that came is off");

	kg_watch_arm(watch, 0);
	turn_until(calls == 2);
	ok(calls == 2, "a timer can be armed again");
	kg_watch_arm(watch, 1000);
	kg_watch_arm(watch, UINT64_MAX);
	kg_loop_turn(loop, 20000);
	ok(calls == 2, "a disarmed timer does not come");
	kg_watch_arm(watch, UINT64_MAX - 5);
	kg_loop_turn(loop, 5000);
	ok(calls == 2, "a time beyond all clocks does not wrap");
	kg_watch_free(watch);

	ok(kg_loop_timer(loop, &watch, UINT64_MAX, count_call, &calls) == 0 && kg_loop_turn(loop, 5000) == 0 && calls == 2,
	   "a timer can be made unarmed");
	kg_watch_arm(watch, 1);
	ok(turn_until(calls == 3), "and be armed later");
	kg_watch_free(watch);
}

struct ticker {
	struct kg_watch *watch;
	unsigned ticks;
};

static void tick(void *data)
{
	struct ticker *ticker = data;

	if (++ticker->ticks < 5)
		kg_watch_arm(ticker->watch, 500);
}

static void test_rearming_in_callback(void)
{
	struct ticker ticker = { 0 };

	kg_loop_timer(loop, &ticker.watch, 0, tick, &ticker);
	turn_until(ticker.ticks == 5);
	kg_loop_turn(loop, 3000);
	ok(ticker.ticks == 5, "a timer armed in its own callback comes again (%u)", ticker.ticks);
	kg_watch_free(ticker.watch);
}

static struct kg_watch *pair[2];
static unsigned pair_calls;

static void free_both(void *data, int fd, uint32_t events)
{
	pair_calls++;
	kg_watch_free(pair[0]);
	kg_watch_free(pair[1]);
	pair[0] = pair[1] = NULL;
}

static void free_own_fd(void *data, int fd, uint32_t events)
{
	kg_watch_free(*(struct kg_watch **)data);
	*(struct kg_watch **)data = NULL;
}

static void free_own(void *data)
{
	kg_watch_free(*(struct kg_watch **)data);
	*(struct kg_watch **)data = NULL;
}

static void test_freeing(void)
{
	struct kg_watch *watch, *other;
	int a = ready_fd(), b = ready_fd();

	kg_loop_fd(loop, &pair[0], a, EPOLLIN, free_both, NULL);
	kg_loop_fd(loop, &pair[1], b, EPOLLIN, free_both, NULL);
	drain();
	ok(pair_calls == 1, "a watch that another freed is not called, though it was due (%u)", pair_calls);

	kg_loop_fd(loop, &watch, a, EPOLLIN, free_own_fd, &watch);
	drain();
	ok(!watch, "a descriptor's watch may free itself");
	kg_loop_timer(loop, &watch, 0, free_own, &watch);
	turn_until(!watch);
	ok(!watch, "a timer may free itself");
	kg_loop_defer(loop, &other, free_own, &other);
	turn_until(!other);
	ok(!other, "a deferred call may free itself");
	kg_watch_free(NULL);
	close(a);
	close(b);
}

static unsigned order_fds, order_deferred_after;

static void order_defer(void *data)
{
	order_deferred_after = order_fds;
}

static void order_fd(void *data, int fd, uint32_t events)
{
	struct kg_watch **deferred = data;
	uint64_t value;

	order_fds++;
	if (read(fd, &value, sizeof(value)) < 0)
		abort();
	if (!*deferred)
		kg_loop_defer(loop, deferred, order_defer, NULL);
}

static void test_defer(void)
{
	enum { COUNT = 8 };
	struct kg_watch *watches[COUNT], *deferred = NULL, *busy;
	unsigned calls = 0, busy_calls = 0;
	int fds[COUNT], fd;

	for (int i = 0; i < COUNT; i++) {
		fds[i] = ready_fd();
		kg_loop_fd(loop, &watches[i], fds[i], EPOLLIN, order_fd, &deferred);
	}
	turn_until(order_deferred_after);
	ok(order_deferred_after == COUNT, "a deferred call comes after what was due with it (%u)", order_deferred_after);
	for (int i = 0; i < COUNT; i++) {
		kg_watch_free(watches[i]);
		close(fds[i]);
	}
	kg_watch_free(deferred);

	fd = ready_fd();
	kg_loop_fd(loop, &busy, fd, EPOLLIN, count_fd, &busy_calls);
	kg_loop_defer(loop, &deferred, count_call, &calls);
	for (int i = 0; i < 10; i++)
		kg_loop_turn(loop, 0);
	ok(calls == 1 && busy_calls > 1, "a busy descriptor does not keep it away, and it comes once (%u)", calls);
	kg_watch_free(deferred);
	kg_watch_free(busy);
	close(fd);
}

static void on_signal(void *data, int signal)
{
	*(int *)data = signal;
}

static void test_signal(void)
{
	struct kg_watch *watch;
	int got = 0;

	ok(kg_loop_signal(loop, &watch, SIGUSR1, on_signal, &got) == 0, "a signal is watched");
	kill(getpid(), SIGUSR1);
	ok(turn_until(got) && got == SIGUSR1, "and reported instead of killing the process");
	kg_watch_free(watch);
}

static struct kg_watch *child_watch;
static int child_status;
static pid_t child_pid;

static void on_child(void *data, pid_t pid, int status)
{
	child_pid = pid;
	child_status = status;
	kg_watch_free(child_watch);
	child_watch = NULL;
}

static void test_child(void)
{
	static const struct {
		const char *name;
		int exit, signal;
	} cases[] = { { "exits with 7", 7, 0 }, { "is killed", 0, SIGKILL }, { "dies by SIGSYS", 0, SIGSYS } };

	for (size_t i = 0; i < KG_ARRAY_SIZE(cases); i++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct rlimit none = { 0, 0 };

			setrlimit(RLIMIT_CORE, &none);
			if (cases[i].signal) {
				signal(cases[i].signal, SIG_DFL);	// a sanitizer may have its own
				kill(getpid(), cases[i].signal);
			}
			_exit(cases[i].exit);
		}
		child_pid = 0;
		ok(kg_loop_child(loop, &child_watch, pid, on_child, NULL) == 0, "a child is watched that %s", cases[i].name);
		turn_until(child_pid);
		ok(child_pid == pid && (cases[i].signal ? WIFSIGNALED(child_status) && WTERMSIG(child_status) == cases[i].signal
							: WIFEXITED(child_status) &&
								  WEXITSTATUS(child_status) == cases[i].exit),
		   "its end is told, with a status as from waitpid (%#x)", (unsigned)child_status);
		ok(waitpid(pid, NULL, WNOHANG) < 0 && errno == ECHILD,
		   "it is reaped, though its watch was freed in the callback");
	}
	ok(kg_loop_child(loop, &child_watch, child_pid, on_child, NULL) < 0, "a child that is gone cannot be watched");
}

/* Its tracer hears of a child's death first, and only then its parent can reap it. */
static void test_traced_child(void)
{
	int go[2], r = pipe(go);
	char byte = 0;
	pid_t tracer, pid = r < 0 ? -1 : fork();

	if (pid == 0) {
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
		for (;;)
			pause();
	}
	child_pid = 0;
	r = kg_loop_child(loop, &child_watch, pid, on_child, NULL);
	tracer = r < 0 ? -1 : fork();
	if (tracer == 0) {
		siginfo_t info;

		r = ptrace(PTRACE_SEIZE, pid, 0, 0) < 0;
		kill(pid, SIGSTOP);
		kill(pid, SIGCONT);
		kill(pid, SIGKILL);
		waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
		if (read(go[0], &byte, 1) < 0)
			r = 1;
		_exit(r);
	}
	for (double end = tap_now() + 0.2; tap_now() < end;)
		kg_loop_turn(loop, 10000);
	ok(tracer > 0 && write(go[1], "", 1) == 1 && turn_until(child_pid) == pid && WIFSIGNALED(child_status) &&
	   WTERMSIG(child_status) == SIGKILL, "the end of a child that is traced is told when the tracer lets go of it");
	if (waitpid(tracer, &r, 0) != tracer || r != 0)
		printf("# it could not be traced here\n");
	close(go[0]);
	close(go[1]);
}

static void quit(void *data)
{
	kg_loop_quit(loop, 42);
}

static void test_idle(void)
{
	struct kg_watch *far, *off;
	struct rusage before, after;
	unsigned calls = 0;
	long switches;

	kg_loop_timer(loop, &far, 3600 * 1000000ull, count_call, &calls);
	kg_loop_timer(loop, &off, 1000, count_call, &calls);
	kg_watch_arm(off, UINT64_MAX);
	drain();
	getrusage(RUSAGE_SELF, &before);
	kg_loop_turn(loop, 400000);
	getrusage(RUSAGE_SELF, &after);
	switches = after.ru_nvcsw - before.ru_nvcsw;
	ok(calls == 0 && switches >= 1 && switches <= 2, "an idle loop sleeps: %ld context switches in 400 ms", switches);
	kg_watch_free(far);
	kg_watch_free(off);
}

int main(void)
{
	struct kg_watch *watch;
	sigset_t set;

	if (kg_loop_new(&loop) < 0)
		return EXIT_FAILURE;
	sigprocmask(SIG_BLOCK, NULL, &set);
	ok(sigismember(&set, SIGCHLD) == 1, "a loop blocks SIGCHLD");
	ok(kg_loop_turn(loop, 0) == 0, "a turn without an event gives 0");
	test_fd();
	test_timer();
	test_rearming_in_callback();
	test_freeing();
	test_defer();
	test_signal();
	test_child();
	test_traced_child();
	test_idle();

	kg_loop_timer(loop, &watch, 1000, quit, NULL);
	ok(kg_loop_run(loop) == 42, "the loop ends with the code of kg_loop_quit()");
	kg_watch_free(watch);
	kg_loop_free(loop);
	kg_loop_free(NULL);
	return tap_end();
}
