/*
 * What kagami-desktop may still do once its source is open. Found by strace and KG_SANDBOX_TRAP=1 with each kind.
 * A kind without drivers: memory, the descriptors it has, and rings for new views. A kind with drivers (GL) may besides
 * start threads, make code, and talk to the render node that is open; drivers look for files, which are refused or, where
 * they read their own tables late, only read.
 */
#define KG_TOPIC "sandbox"
#include "server/desktop/sandbox.h"

#include "base/log.h"
#include "server/desktop/kind.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define FILES_MAX 1024
#define CLONE_NAMESPACES \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

/* What every kind needs. */
static const struct kg_rule all_rules[] = {
	/* the loop and its descriptors */
	KG_ALLOW("read"), KG_ALLOW("write"), KG_ALLOW("close"),
	KG_ALLOW("poll"), KG_ALLOW("ppoll"), KG_ALLOW("epoll_wait"), KG_ALLOW("epoll_pwait"), KG_ALLOW("epoll_pwait2"),
	KG_ALLOW("epoll_ctl"), KG_ALLOW("timerfd_create"), KG_ALLOW("timerfd_settime"), KG_ALLOW("eventfd2"),
	/* channels, with descriptors of new views and of rings */
	KG_ALLOW("recvmsg"), KG_ALLOW("sendmsg"), KG_ALLOW_IF("sendto", KG_ARG(4, 0), KG_ARG(5, 0)), KG_ALLOW("shutdown"),
	KG_ALLOW_IF("fcntl", KG_ARG32(1, F_GETFL)), KG_ALLOW_IF("fcntl", KG_ARG32(1, F_SETFL)),
	KG_ALLOW_IF("fcntl", KG_ARG32(1, F_GETFD)), KG_ALLOW_IF("fcntl", KG_ARG32(1, F_SETFD)),
	KG_ALLOW_IF("fcntl", KG_ARG32(1, F_DUPFD_CLOEXEC)),
	/* rings and frames */
	KG_ALLOW("memfd_create"), KG_ALLOW("ftruncate"), KG_ALLOW_IF("fcntl", KG_ARG32(1, F_ADD_SEALS)),
	KG_ALLOW_IF("fcntl", KG_ARG32(1, F_GET_SEALS)),
	/* memory, never executable */
	KG_ALLOW("munmap"), KG_ALLOW("mremap"), KG_ALLOW("madvise"), KG_ALLOW("brk"),
	/* threads that run already, those of the pool in their first steps too */
	KG_ALLOW("futex"), KG_ALLOW("rseq"), KG_ALLOW("set_robust_list"), KG_ALLOW("sched_yield"),
	KG_ALLOW("sched_getaffinity"), KG_ALLOW("gettid"), KG_ALLOW("getpid"),
	KG_ALLOW("rt_sigprocmask"), KG_ALLOW("rt_sigreturn"), KG_ALLOW("restart_syscall"),
	KG_ALLOW("exit"), KG_ALLOW("exit_group"),
	/* time and random numbers */
	KG_ALLOW("clock_gettime"), KG_ALLOW("gettimeofday"), KG_ALLOW("clock_nanosleep"), KG_ALLOW("getrandom"),
	{ 0 },
};

static const struct kg_rule strict_rules[] = {
	KG_ALLOW_IF("mmap", KG_ARG_BITS(2, PROT_EXEC, 0)), KG_ALLOW_IF("mprotect", KG_ARG_BITS(2, PROT_EXEC, 0)),
	/* glibc looks for its catalogues and tables when it writes an error's text, and takes no for an answer */
	KG_DENY("openat"), KG_DENY("newfstatat"), KG_DENY("readlinkat"),
	KG_ALLOW("fstat"),
	{ 0 },
};

static const struct kg_rule driver_rules[] = {
	KG_ALLOW("mmap"), KG_ALLOW("mprotect"),		// shaders are compiled to code
	/* threads, but no processes and no namespaces. The flags of clone3 lie in memory, where no filter sees them. */
	KG_ALLOW_IF("clone", KG_ARG_BITS(0, CLONE_THREAD | CLONE_NAMESPACES, CLONE_THREAD)), KG_UNKNOWN("clone3"),
	KG_ALLOW("set_tid_address"), KG_ALLOW("sched_setaffinity"),
	KG_ALLOW("sched_setscheduler"), KG_ALLOW("sched_getscheduler"), KG_ALLOW("sched_getparam"),
	KG_ALLOW("sched_get_priority_min"), KG_ALLOW("sched_get_priority_max"), KG_ALLOW("setpriority"),
	KG_ALLOW_IF("prctl", KG_ARG32(0, PR_SET_NAME)), KG_ALLOW_IF("prctl", KG_ARG32(0, PR_GET_NAME)),
	KG_ALLOW("getcpu"), KG_ALLOW("sysinfo"), KG_ALLOW("uname"), KG_ALLOW("membarrier"), KG_ALLOW("sigaltstack"),
	KG_ALLOW("rt_sigaction"),
	KG_ALLOW("ioctl"), KG_ALLOW("dup"), KG_ALLOW("lseek"), KG_ALLOW("pread64"), KG_ALLOW("kcmp"),
	/* Landlock lets the loop thread only read; nothing is created, and no path is changed. Linux cuts a file that is opened
	 * for reading with O_TRUNC, which Landlock has only known since its third version. */
	KG_ALLOW_IF("openat", KG_ARG_BITS(2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY)), KG_ALLOW("newfstatat"), KG_ALLOW("fstat"),
	KG_ALLOW("statx"), KG_ALLOW("readlink"), KG_ALLOW("readlinkat"), KG_ALLOW("access"), KG_ALLOW("faccessat"),
	KG_ALLOW("faccessat2"), KG_ALLOW("getdents64"), KG_ALLOW("fstatfs"),
	KG_ALLOW("geteuid"), KG_ALLOW("getuid"), KG_ALLOW("getegid"), KG_ALLOW("getgid"),
	KG_DENY("mkdir"), KG_DENY("mkdirat"), KG_DENY("unlink"), KG_DENY("socket"),
	{ 0 },
};

static const struct kg_rule *rules_of(const struct kg_desktop_kind *kind)
{
	return kind->drivers ? driver_rules : strict_rules;
}

static size_t count_of(const struct kg_rule *rules)
{
	size_t count = 0;

	while (rules && rules[count].action != KG_RULE_END)
		count++;
	return count;
}

int kg_desktop_lock(const struct kg_desktop_kind *kind, enum kg_sandbox_mode mode, uid_t uid, gid_t gid)
{
	const struct kg_sandbox sandbox = {
		.mode = mode,
		.files_max = FILES_MAX,
		.uid = uid,
		.gid = gid,
		.landlock_read = kind->drivers,
	};
	const char *what = NULL;
	int r = kg_sandbox_enter(&sandbox, &what);

	return r < 0 ? kg_err(r, "the sandbox layer \"%s\" cannot be had", what) : r;
}

int kg_desktop_filter(const struct kg_desktop_kind *kind, enum kg_sandbox_mode mode)
{
	/* abort(), and drivers to their own threads; nobody else's. */
	const struct kg_rule signals[] = {
		KG_ALLOW_IF("tgkill", KG_ARG32(0, getpid())),
		{ .action = KG_RULE_END },
	};
	const struct kg_rule *const lists[] = { all_rules, signals, rules_of(kind), kind->rules };
	struct kg_rule *rules;
	size_t count = 0;
	int r;

#ifdef KG_SANITIZED
	return 0;
#endif
	if (mode == KG_SANDBOX_OFF)
		return 0;
	for (size_t i = 0; i < KG_ARRAY_SIZE(lists); i++)
		count += count_of(lists[i]);
	rules = calloc(count + 1, sizeof(*rules));	// ends with KG_RULE_END, which is 0
	if (!rules)
		return -ENOMEM;
	count = 0;
	for (size_t i = 0; i < KG_ARRAY_SIZE(lists); i++) {
		if (!lists[i])
			continue;	// memcpy() takes no NULL, and gcc then takes the check in count_of() away too
		memcpy(rules + count, lists[i], count_of(lists[i]) * sizeof(*rules));
		count += count_of(lists[i]);
	}
	r = kg_sandbox_narrow(rules);
	free(rules);
	if (r == 0)
		return KG_LAYER_SECCOMP;
	if (mode == KG_SANDBOX_REQUIRE)
		return kg_err(r, "the sandbox layer \"seccomp\" cannot be had");
	(void)kg_warn(r, "goes without a filter of system calls");
	return 0;
}
