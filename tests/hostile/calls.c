/* The calls that a locked program tries. Raw system calls: libc would take other ways on other machines. */
#include "tests/hostile/calls.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "tests/hostile/wire.h"

static const char secret[] = "/etc/passwd";	// everybody may read it: what refuses it is the lock

/* ---- files ---- */

static long open_path(const char *path, int flags)
{
	return syscall(SYS_openat, AT_FDCWD, path, flags, 0600);
}

static long call_openat(const struct calls_target *t) { return open_path(secret, O_RDONLY); }
static long call_openat_write(const struct calls_target *t) { return open_path("/tmp/kagami-hostile", O_RDWR | O_CREAT); }
static long call_openat2(const struct calls_target *t)
{
	uint64_t how[3] = { O_RDONLY, 0, 0 };

	return syscall(437 /* openat2 */, AT_FDCWD, secret, how, sizeof(how));
}
#ifdef SYS_open
static long call_open(const struct calls_target *t) { return syscall(SYS_open, secret, O_RDONLY); }
static long call_unlink(const struct calls_target *t) { return syscall(SYS_unlink, "/tmp/kagami-hostile-none"); }
#endif
static long call_newfstatat(const struct calls_target *t)
{
	struct stat status;

	return syscall(SYS_newfstatat, AT_FDCWD, secret, &status, 0);
}
static long call_truncate(const struct calls_target *t) { return syscall(SYS_truncate, "/tmp/kagami-hostile-none", 0); }
static long call_chdir(const struct calls_target *t) { return syscall(SYS_chdir, "/tmp"); }
static long call_mount(const struct calls_target *t) { return syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL); }

static long open_proc(int pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return open_path(path, O_RDONLY);
}

static long call_proc_mem(const struct calls_target *t) { return open_proc(t->sibling, "mem"); }
static long call_proc_maps(const struct calls_target *t) { return open_proc(t->sibling, "maps"); }
static long call_proc_environ(const struct calls_target *t) { return open_proc(t->sibling, "environ"); }
static long call_proc_parent(const struct calls_target *t) { return open_proc(t->parent, "maps"); }

/* ---- network ---- */

static const struct sockaddr_in somewhere = { .sin_family = AF_INET, .sin_port = 0x0500, .sin_addr = { 0x0100007f } };

static long call_socket(const struct calls_target *t) { return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0); }
static long call_socket_unix(const struct calls_target *t) { return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0); }
static long call_socketpair(const struct calls_target *t)
{
	int pair[2];

	return syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
}
static long call_connect(const struct calls_target *t)
{
	return syscall(SYS_connect, t->socket, &somewhere, sizeof(somewhere));
}
static long call_bind(const struct calls_target *t) { return syscall(SYS_bind, t->socket, &somewhere, sizeof(somewhere)); }
static long call_listen(const struct calls_target *t) { return syscall(SYS_listen, t->socket, 1); }
static long call_sendto(const struct calls_target *t)
{
	return syscall(SYS_sendto, t->socket, "x", 1, 0, &somewhere, sizeof(somewhere));
}
static long call_sendmsg_fd(const struct calls_target *t)
{
	int r = wire_send(t->channel, "\4\0\0\0", 4, STDERR_FILENO, 1);

	errno = -r;
	return r;
}
static long call_recvmsg_other(const struct calls_target *t)
{
	struct msghdr header = { 0 };

	return syscall(SYS_recvmsg, t->socket, &header, MSG_DONTWAIT);
}

/* ---- other processes ---- */

static long call_ptrace(const struct calls_target *t) { return syscall(SYS_ptrace, PTRACE_ATTACH, t->sibling, 0, 0); }
static long call_ptrace_seize(const struct calls_target *t) { return syscall(SYS_ptrace, PTRACE_SEIZE, t->sibling, 0, 0); }
static long call_kill(const struct calls_target *t) { return syscall(SYS_kill, t->sibling, SIGKILL); }
static long call_kill_parent(const struct calls_target *t) { return syscall(SYS_kill, t->parent, SIGTERM); }
static long call_kill_all(const struct calls_target *t) { return syscall(SYS_kill, -1, 0); }
static long call_tgkill(const struct calls_target *t) { return syscall(SYS_tgkill, t->sibling, t->sibling, SIGKILL); }
static long call_sigqueue(const struct calls_target *t)
{
	siginfo_t info = { .si_code = SI_QUEUE };

	return syscall(SYS_rt_sigqueueinfo, t->sibling, SIGTERM, &info);
}
static long call_pidfd_open(const struct calls_target *t) { return syscall(434 /* pidfd_open */, t->sibling, 0); }
static long call_vm_read(const struct calls_target *t)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)&secret, 1 };

	return syscall(SYS_process_vm_readv, t->sibling, &here, 1, &there, 1, 0);
}
static long call_prlimit_other(const struct calls_target *t)
{
	struct rlimit none = { 0, 0 };

	return syscall(SYS_prlimit64, t->sibling, RLIMIT_CPU, &none, NULL);
}
static long call_setpriority(const struct calls_target *t) { return syscall(SYS_setpriority, PRIO_PROCESS, t->sibling, 19); }

/* ---- programs, threads, memory ---- */

static long call_execve(const struct calls_target *t)
{
	char *const none[] = { NULL };

	return syscall(SYS_execve, "/bin/true", none, none);
}
static long call_execveat(const struct calls_target *t)
{
	char *const none[] = { NULL };

	return syscall(SYS_execveat, AT_FDCWD, "/bin/true", none, none, 0);
}
#ifdef SYS_fork
static long call_fork(const struct calls_target *t) { return syscall(SYS_fork); }
#endif
static long call_clone(const struct calls_target *t) { return syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0); }
static long call_clone3(const struct calls_target *t)
{
	uint64_t arguments[11] = { [4] = SIGCHLD };

	return syscall(435 /* clone3 */, arguments, sizeof(arguments));
}
static long call_unshare(const struct calls_target *t) { return syscall(SYS_unshare, CLONE_NEWUSER); }
static long call_mmap_exec(const struct calls_target *t)
{
	return syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static long call_mprotect_exec(const struct calls_target *t)
{
	return syscall(SYS_mprotect, (uintptr_t)&secret & ~(uintptr_t)4095, 4096, PROT_READ | PROT_EXEC);
}
static long call_mmap_shared(const struct calls_target *t)
{
	return syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}
static long call_memfd(const struct calls_target *t) { return syscall(SYS_memfd_create, "hostile", 0); }
static long call_userfaultfd(const struct calls_target *t) { return syscall(323 /* userfaultfd */, 0); }
static long call_io_uring(const struct calls_target *t)
{
	uint32_t parameters[30] = { 0 };

	return syscall(425 /* io_uring_setup */, 4, parameters);
}
static long call_bpf(const struct calls_target *t) { return syscall(SYS_bpf, 0, NULL, 0); }
static long call_keyctl(const struct calls_target *t) { return syscall(SYS_keyctl, 0, 0, 0, 0, 0); }

/* ---- more rights ---- */

static long call_setuid(const struct calls_target *t) { return syscall(SYS_setuid, 0); }
static long call_setresuid(const struct calls_target *t) { return syscall(SYS_setresuid, 0, 0, 0); }
static long call_setgroups(const struct calls_target *t) { return syscall(SYS_setgroups, 0, NULL); }
static long call_setrlimit(const struct calls_target *t)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	return syscall(SYS_setrlimit, RLIMIT_NOFILE, &all);
}
static long call_prlimit(const struct calls_target *t)
{
	struct rlimit more = { 10, 10 };

	return syscall(SYS_prlimit64, 0, RLIMIT_NPROC, &more, NULL);
}
static long call_dumpable(const struct calls_target *t) { return syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0); }
static long call_deathsig(const struct calls_target *t) { return syscall(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0); }
static long call_ioctl_tty(const struct calls_target *t) { return syscall(SYS_ioctl, STDERR_FILENO, 0x5412 /* TIOCSTI */, "x"); }
static long call_setown(const struct calls_target *t) { return syscall(SYS_fcntl, t->socket, F_SETOWN, t->sibling); }
static long call_dup_control(const struct calls_target *t) { return syscall(SYS_dup3, t->socket, t->channel, 0); }
static long call_reuseaddr(const struct calls_target *t)
{
	int one = 1;

	return syscall(SYS_setsockopt, t->socket, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
}
static long call_nodelay(const struct calls_target *t)
{
	int one = 1;

	return syscall(SYS_setsockopt, t->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* System calls of another kind of program, for which a filter has other numbers. */
#if defined(__x86_64__)
static long call_i386(const struct calls_target *t)
{
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "0"(20L /* getpid */) : "memory");
	errno = r < 0 ? (int)-r : 0;
	return r;
}
static long call_x32(const struct calls_target *t) { return syscall(0x40000000 | SYS_getpid); }
#endif

/* ---- the ring ---- */

static long call_ring_write(const struct calls_target *t) { return syscall(SYS_write, t->ring, "x", 1); }
static long call_ring_pwrite(const struct calls_target *t) { return syscall(SYS_pwrite64, t->ring, "x", 1, 0L); }
static long call_ring_map(const struct calls_target *t)
{
	return syscall(SYS_mmap, NULL, t->ring_size, PROT_READ | PROT_WRITE, MAP_SHARED, t->ring, 0);
}
static long call_ring_protect(const struct calls_target *t)
{
	void *memory = mmap(NULL, t->ring_size, PROT_READ, MAP_SHARED, t->ring, 0);

	if (memory == MAP_FAILED)
		return -1;
	return syscall(SYS_mprotect, memory, t->ring_size, PROT_READ | PROT_WRITE);
}
static long call_ring_shrink(const struct calls_target *t) { return syscall(SYS_ftruncate, t->ring, 0L); }
static long call_ring_grow(const struct calls_target *t) { return syscall(SYS_ftruncate, t->ring, (long)t->ring_size * 2); }
static long call_ring_punch(const struct calls_target *t) { return syscall(SYS_fallocate, t->ring, 3, 0L, 4096L); }
static long call_ring_seals(const struct calls_target *t) { return syscall(SYS_fcntl, t->ring, F_ADD_SEALS, F_SEAL_WRITE); }

#define CALL(name) { #name, call_##name }
static const struct {
	const char *name;
	long (*make)(const struct calls_target *target);
} calls[] = {
	CALL(openat), CALL(openat_write), CALL(openat2), CALL(newfstatat), CALL(truncate), CALL(chdir), CALL(mount),
	CALL(proc_mem), CALL(proc_maps), CALL(proc_environ), CALL(proc_parent),
	CALL(socket), CALL(socket_unix), CALL(socketpair), CALL(connect), CALL(bind), CALL(listen), CALL(sendto),
	CALL(sendmsg_fd), CALL(recvmsg_other), CALL(reuseaddr), CALL(nodelay),
	CALL(ptrace), CALL(ptrace_seize), CALL(kill), CALL(kill_parent), CALL(kill_all), CALL(tgkill), CALL(sigqueue),
	CALL(pidfd_open), CALL(vm_read), CALL(prlimit_other), CALL(setpriority),
	CALL(execve), CALL(execveat), CALL(clone), CALL(clone3), CALL(unshare), CALL(mmap_exec), CALL(mprotect_exec),
	CALL(mmap_shared), CALL(memfd), CALL(userfaultfd), CALL(io_uring), CALL(bpf), CALL(keyctl),
	CALL(setuid), CALL(setresuid), CALL(setgroups), CALL(setrlimit), CALL(prlimit), CALL(dumpable), CALL(deathsig),
	CALL(ioctl_tty), CALL(setown), CALL(dup_control),
	CALL(ring_write), CALL(ring_pwrite), CALL(ring_map), CALL(ring_protect), CALL(ring_shrink), CALL(ring_grow),
	CALL(ring_punch), CALL(ring_seals),
#ifdef SYS_open
	CALL(open), CALL(unlink),
#endif
#ifdef SYS_fork
	CALL(fork),
#endif
#if defined(__x86_64__)
	CALL(i386), CALL(x32),
#endif
};

int calls_make(const char *name, const struct calls_target *target, int *error)
{
	for (size_t i = 0; i < KG_ARRAY_SIZE(calls); i++) {
		long r;

		if (strcmp(name, calls[i].name))
			continue;
		errno = 0;
		r = calls[i].make(target);
		*error = r < 0 ? errno : 0;
		return 0;
	}
	return -ENOENT;
}
