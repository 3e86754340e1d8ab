/* The session's sandbox. Whatever is not in a list kills the process; what FreeRDP and libc try and can do without is denied. */
#define KG_TOPIC "sandbox"
#include "server/session/sandbox.h"

#include "base/log.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>

#define MEMORY_MAX (512u << 20)		// a dynamic channel's message may announce 4 GiB, which FreeRDP allocates
#define FILES_MAX 64
#define PRIVATE_MEMORY (MAP_PRIVATE | MAP_ANONYMOUS)

/* Messages arrive by recvmsg, descriptors with them, on these channels only; they leave by send, which carries no descriptor. */
#define RECEIVE_ON(fd) KG_ALLOW_IF("recvmsg", KG_ARG32(0, fd))
#define PLACE_AT(fd) KG_ALLOW_IF("dup2", KG_ARG32(1, fd)), KG_ALLOW_IF("dup3", KG_ARG32(1, fd))

/* Both lists. */
#define ALWAYS                                                                                     \
	/* what is open */                                                                         \
	KG_ALLOW("read"), KG_ALLOW("write"), KG_ALLOW("close"), KG_ALLOW("poll"), KG_ALLOW("ppoll"),                 \
	KG_ALLOW("shutdown"),                                                                      \
	KG_ALLOW_IF("recvfrom", KG_ARG(4, 0), KG_ARG(5, 0)), KG_ALLOW_IF("sendto", KG_ARG(4, 0), KG_ARG(5, 0)),      \
	RECEIVE_ON(KG_SESSION_CONTROL_FD), RECEIVE_ON(KG_SESSION_VIEW_FD),                         \
	PLACE_AT(KG_SESSION_VIEW_FD),                                                              \
	KG_ALLOW_IF("fcntl", KG_ARG32(1, F_GETFL)), KG_ALLOW_IF("fcntl", KG_ARG32(1, F_SETFL)),                      \
	KG_ALLOW_IF("fcntl", KG_ARG32(1, F_GET_SEALS)), KG_ALLOW("lseek"), KG_ALLOW("fstat"),                         \
	/* the loop; a new graphics channel has an eventfd */                                      \
	KG_ALLOW("epoll_wait"), KG_ALLOW("epoll_pwait"), KG_ALLOW("epoll_pwait2"), KG_ALLOW("epoll_ctl"),            \
	KG_ALLOW("timerfd_settime"), KG_ALLOW_IF("eventfd2", KG_ARG32(1, O_NONBLOCK)),             \
	/* memory: never executable; shared only for the ring, and only to be read */              \
	KG_ALLOW_IF("mmap", KG_ARG_BITS(2, ~(uint64_t)(PROT_READ | PROT_WRITE), 0), KG_ARG32(3, PRIVATE_MEMORY)),    \
	KG_ALLOW_IF("mmap", KG_ARG(2, PROT_READ), KG_ARG32(3, MAP_SHARED)),                        \
	KG_ALLOW("munmap"), KG_ALLOW_IF("mremap", KG_ARG(3, MREMAP_MAYMOVE)), KG_ALLOW("brk"),                       \
	KG_ALLOW_IF("madvise", KG_ARG32(2, MADV_DONTNEED)),                                        \
	/* time, chance, locks, signals, the end */                                                \
	KG_ALLOW("clock_gettime"), KG_ALLOW("clock_nanosleep"), KG_ALLOW("getrandom"), KG_ALLOW("futex"),            \
	KG_ALLOW("getpid"), KG_ALLOW("gettid"), KG_ALLOW("rt_sigreturn"), KG_ALLOW("rt_sigprocmask"),                \
	KG_ALLOW("restart_syscall"), KG_ALLOW("exit_group"),                                       \
	/* FreeRDP looks for configuration, libc for the time zone */                              \
	KG_DENY("openat"), KG_DENY("newfstatat")

static const struct kg_rule handshake_rules[] = {
	ALWAYS,
	RECEIVE_ON(KG_SESSION_LOGIN_FD),
	PLACE_AT(KG_SESSION_TCP_FD),
	KG_ALLOW_IF("setsockopt", KG_ARG32(1, IPPROTO_TCP), KG_ARG32(2, TCP_NODELAY)),
	KG_ALLOW("uname"),
	KG_ALLOW("sysinfo"),
	KG_ALLOW_NARROW,	// to the list below
	{ .action = KG_RULE_END },
};

static const struct kg_rule open_rules[] = {
	ALWAYS,
	{ .action = KG_RULE_END },
};

int kg_session_lock(const struct kg_session_setup *setup)
{
	const struct kg_sandbox sandbox = {
		.mode = (enum kg_sandbox_mode)setup->sandbox,
		.memory_max = MEMORY_MAX,
		.files_max = FILES_MAX,
		.no_processes = true,
		.uid = setup->uid,
		.gid = setup->gid,
		.rules = handshake_rules,
	};
	const char *what = NULL;
	int r = kg_sandbox_enter(&sandbox, &what);

	return r < 0 ? kg_err(r, "cannot lock the session: %s", what) : r;
}

int kg_session_lock_more(void)
{
	int r = kg_sandbox_narrow(open_rules);

	return r < 0 ? kg_err(r, "cannot lock the session further") : 0;
}
