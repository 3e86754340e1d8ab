/* For test_sandbox: what a locked child tries. */
#pragma once

#include "base/log.h"
#include "base/sandbox.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

/* What a child needs to end and to say a word. */
#define BASIC_RULES                                                                                                    \
	KG_ALLOW("write"), KG_ALLOW("exit_group"), KG_ALLOW("exit"), KG_ALLOW("rt_sigreturn"), KG_ALLOW("brk"),        \
		KG_ALLOW("munmap"), KG_ALLOW("futex"), KG_ALLOW("rt_sigprocmask"), KG_ALLOW("getpid"), KG_ALLOW("gettid")

static int sibling;		// a process of the same user outside of the sandbox
static int zero_fd;		// a file opened before the lock
static char scratch[64];	// a directory that anybody may write

/* ---- what children try; a result of 0 is success, else errno ---- */

static inline int errno_of(long r)
{
	return r < 0 ? errno : 0;
}

static inline int try_nothing(void)
{
	return 0;
}

static inline int try_open(void)
{
	return errno_of(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static inline int try_list(void)
{
	return errno_of(open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static inline int try_open_system(void)
{
	return errno_of(open("/proc/version", O_RDONLY | O_CLOEXEC));
}

static inline int try_list_system(void)
{
	return errno_of(open("/usr/lib", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static inline int try_create(void)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/new", scratch);
	return errno_of(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666));
}

static inline int try_write(void)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/file", scratch);
	return errno_of(open(path, O_WRONLY | O_CLOEXEC));
}

static inline int try_truncate(void)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/file", scratch);
	return errno_of(truncate(path, 0));
}

static inline int try_remove(void)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/file", scratch);
	return errno_of(unlink(path));
}

static inline int try_exec(void)
{
	execl("/bin/true", "true", NULL);
	return errno;
}

static inline int try_socket(void)
{
	return errno_of(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static inline int try_connect(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? errno : errno_of(connect(fd, (struct sockaddr *)&to, sizeof(to)));
}

static inline int try_bind(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? errno : errno_of(bind(fd, (struct sockaddr *)&any, sizeof(any)));
}

static struct sockaddr_un abstract;
static socklen_t abstract_size;

static inline int try_abstract(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? errno : errno_of(connect(fd, (struct sockaddr *)&abstract, abstract_size));
}

static inline int try_kill(void)
{
	return errno_of(kill(sibling, 0));
}

static inline int try_ptrace(void)
{
	return errno_of(ptrace(PTRACE_SEIZE, sibling, NULL, NULL));
}

static inline int try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return errno_of(pid);
}

static inline int try_executable(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
}

static inline int try_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
}

static inline int try_shared(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_SHARED, zero_fd, 0) == MAP_FAILED ? errno : 0;
}

static inline int try_shared_writable(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, zero_fd, 0) == MAP_FAILED ? errno : 0;
}

static inline int try_much_memory(void)
{
	return mmap(NULL, 1ul << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) == MAP_FAILED
		       ? errno
		       : 0;
}

static inline int try_descriptors(void)
{
	for (int i = 0; i < 100; i++) {
		if (dup(zero_fd) < 0)
			return errno;
	}
	return 0;
}

static inline int try_fcntl_right(void)
{
	return errno_of(fcntl(zero_fd, F_GETFD));
}

static inline int try_fcntl_wrong(void)
{
	return errno_of(fcntl(zero_fd, F_GETFL));
}

static inline int try_getppid(void)
{
	return getppid() > 0 ? 0 : ESRCH;
}

static inline int try_parent_death(void)
{
	int number = 0;

	return prctl(PR_GET_PDEATHSIG, &number, 0, 0, 0) < 0 ? errno : number == SIGKILL ? 0 : ESRCH;
}

static inline int try_getcpu(void)
{
	unsigned cpu, node;

	return errno_of(syscall(SYS_getcpu, &cpu, &node, NULL));
}

static inline int try_root(void)
{
	return errno_of(setresuid(0, 0, 0));
}

static inline int try_capability(void)	// 0 when there is one left
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
	int bounded = prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0);

	if (syscall(SYS_capget, &header, data) < 0)
		return errno;
	if (data[0].effective || data[1].effective || data[0].permitted || data[1].permitted || data[0].inheritable)
		return 0;
	return bounded == 1 && geteuid() == 0 ? 0 : EPERM;
}

static inline int try_dump(void)	// 0 when dumpable, or when a core could be written
{
	struct rlimit core;

	getrlimit(RLIMIT_CORE, &core);
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && core.rlim_max == 0 ? EPERM : 0;
}

static inline int try_privileges(void)	// 0 when an exec could gain some
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? EPERM : 0;
}

static inline int try_narrow(void)
{
	static const struct kg_rule narrow[] = { BASIC_RULES, { .action = KG_RULE_END } };
	int r = kg_sandbox_narrow(narrow);

	return r < 0 ? -r : 0;
}

static inline int try_after_narrow(void)	// getppid is allowed by the first filter only
{
	int r = try_narrow();

	return r ? r : try_getppid();
}

static inline int try_wider(void)	// a second filter that allows what the first does not
{
	static const struct kg_rule wide[] = { BASIC_RULES, KG_ALLOW("socket"), { .action = KG_RULE_END } };
	int r = kg_sandbox_narrow(wide);

	return r < 0 ? -r : try_socket();
}
