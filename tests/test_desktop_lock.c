/* The lock of kagami-desktop from inside: what code that took it over can still do, with drivers and without. */
#include "base/base.h"

#include "server/desktop/kind.h"
#include "server/desktop/sandbox.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { KILLED = 1000 };

static const struct kg_desktop_kind with_drivers = { .name = "with drivers", .drivers = true };
static const struct kg_desktop_kind without = { .name = "without drivers" };

static char secret[64];		// a file of ours that is none of the system's
static pid_t sibling;

/* ---- what is tried: 0, or an errno ---- */

static int errno_of(long r)
{
	return r < 0 ? errno : 0;
}

static int try_secret(void)
{
	return errno_of(open(secret, O_RDONLY | O_CLOEXEC));
}

static int try_truncate(void)
{
	return errno_of(open(secret, O_RDONLY | O_TRUNC | O_CLOEXEC));
}

static int try_system(void)
{
	return errno_of(open("/proc/version", O_RDONLY | O_CLOEXEC));
}

static int try_process(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		syscall(SYS_exit_group, 0);
	return errno_of(pid);
}

static int try_clone3(void)
{
	struct clone_args how = { .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &how, sizeof(how));

	if (pid == 0)
		syscall(SYS_exit_group, 0);
	return errno_of(pid);
}

static int try_namespace(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		syscall(SYS_exit_group, 0);
	return errno_of(pid);
}

static void *nothing(void *data)
{
	return data;
}

static int try_thread(void)
{
	pthread_t thread;
	int r = pthread_create(&thread, NULL, nothing, NULL);

	return r ? r : pthread_join(thread, NULL);
}

static int try_signal(void)
{
	return errno_of(syscall(SYS_tgkill, sibling, sibling, SIGCONT));
}

static int try_own_signal(void)
{
	return errno_of(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGCONT));
}

static int try_socket(void)
{
	return errno_of(syscall(SYS_socket, 1, 1, 0));
}

/* ---- running it ---- */

static int attempt(const struct kg_desktop_kind *kind, int (*try)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (kg_desktop_lock(kind, KG_SANDBOX_BEST, (uid_t)-1, (gid_t)-1) < 0 ||
		    kg_desktop_filter(kind, KG_SANDBOX_REQUIRE) < 0)
			_exit(255);
		_exit(try());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
	return WIFSIGNALED(status) ? KILLED : WEXITSTATUS(status);
}

static void expect(const struct kg_desktop_kind *kind, int (*try)(void), int wanted, const char *what)
{
	int got = attempt(kind, try);

	if (!ok(got == wanted, "%s: %s", kind->name, what))
		note("got %d, not %d", got, wanted);
}

static bool has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0;
}

static off_t secret_size(void)
{
	struct stat st;

	return stat(secret, &st) < 0 ? -1 : st.st_size;
}

static void make_secret(void)
{
	int fd;

	strcpy(secret, "/tmp/kagami-lock.XXXXXX");
	fd = mkstemp(secret);
	if (fd < 0 || write(fd, "secret", 6) != 6)
		abort();
	close(fd);
}

int main(void)
{
#ifdef KG_SANITIZED
	skip("a build with a sanitizer has no filter");
	return tap_end();
#endif
	make_secret();
	sibling = fork();
	if (sibling == 0) {
		pause();
		_exit(0);
	}

	expect(&with_drivers, try_system, 0, "files of the system can be read");
	if (has_landlock())
		expect(&with_drivers, try_secret, EACCES, "others cannot");
	else
		skip("this kernel has no Landlock");
	expect(&with_drivers, try_truncate, KILLED, "nor cut while they are opened for reading");
	expect(&with_drivers, try_thread, 0, "threads can be started");
	expect(&with_drivers, try_process, KILLED, "processes cannot");
	expect(&with_drivers, try_clone3, ENOSYS, "nor by clone3");
	expect(&with_drivers, try_namespace, KILLED, "nor namespaces made");
	expect(&with_drivers, try_own_signal, 0, "its own threads get signals");
	expect(&with_drivers, try_signal, KILLED, "other processes do not");
	expect(&with_drivers, try_socket, EACCES, "there is no socket");

	expect(&without, try_system, EACCES, "no file can be read");
	expect(&without, try_secret, EACCES, "none at all");
	expect(&without, try_thread, KILLED, "no thread can be started");
	expect(&without, try_signal, KILLED, "nobody gets a signal");
	expect(&without, try_socket, KILLED, "there is no socket");
	ok(secret_size() == 6, "the file is as it was");

	kill(sibling, SIGKILL);
	waitpid(sibling, NULL, 0);
	unlink(secret);
	return tap_end();
}
