/*
 * The sandbox from inside: children enter it and try what they may not. Run as root it is tried as root, as root that
 * becomes nobody, and as a plain user; run as a plain user, as that.
 */
#include "base/log.h"
#include "base/sandbox.h"
#include "tests/sandbox-tries.h"
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

#define NOBODY 65534

#ifdef KG_SANITIZED
#define SANITIZED true
#else
#define SANITIZED false
#endif

static const struct kg_rule rules[] = {
	BASIC_RULES,
	KG_ALLOW("close"),
	KG_ALLOW("no_such_call"),
	KG_ALLOW_IF("mmap", KG_ARG_BITS(2, ~(uint64_t)(PROT_READ | PROT_WRITE), 0),
		    KG_ARG32(3, MAP_PRIVATE | MAP_ANONYMOUS)),
	KG_ALLOW_IF("mmap", KG_ARG(2, PROT_READ), KG_ARG32(3, MAP_SHARED)),
	KG_ALLOW_IF("fcntl", KG_ARG32(1, F_GETFD)),
	KG_ALLOW_NARROW,
	KG_DENY("openat"),
	KG_DENY("open"),
	KG_UNKNOWN("getcpu"),
	{ .action = KG_RULE_END },
};
static const struct kg_rule more[] = { KG_ALLOW("getppid"), { .action = KG_RULE_END } };

/* Older kernels are played: the answers of Landlock and seccomp to what they can. */
static int pretended_abi = -1;	// -1: the true one; 0: none
static bool pretended_no_seccomp;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	long arguments[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		arguments[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_landlock_create_ruleset && (int)arguments[2] == 1 && pretended_abi > 0)
		return pretended_abi;
	if ((number == SYS_landlock_create_ruleset && pretended_abi == 0) || (number == SYS_seccomp && pretended_no_seccomp)) {
		errno = ENOSYS;
		return -1;
	}
	return __real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

/* ---- running them ---- */

enum { KILLED = 1000, REFUSED = 40 };	// REFUSED + i: the child says that layer number i failed

static const char *const layer_names[] = { "limits", "user", "privileges", "landlock", "seccomp" };

/* Enters the sandbox in a child, as a plain user if that is wanted, and tries. Returns the errno, 0, KILLED, or minus the exit
 * status of a child that could not enter. */
static int attempt(const struct kg_sandbox *sandbox, int (*try)(void), bool plain, int *ret_layers)
{
	int pipes[2], result[2] = { 0, -1 }, status;
	ssize_t size;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		abort();
	pid = fork();
	if (pid == 0) {
		const char *what = "?";
		int layers;

		if (plain && (setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
			_exit(3);
		layers = kg_sandbox_enter(sandbox, &what);
		if (layers < 0) {
			int i = 0;

			while (i < 5 && strcmp(what, layer_names[i]))
				i++;
			_exit(REFUSED + i);
		}
		result[0] = layers;
		if (write(pipes[1], result, sizeof(result)) < 0)
			_exit(5);
		result[1] = try();
		if (write(pipes[1], result, sizeof(result)) < 0)
			_exit(5);
		_exit(0);
	}
	close(pipes[1]);
	if (waitpid(pid, &status, 0) != pid)
		abort();
	do	// the later one counts
		size = read(pipes[0], result, sizeof(result));
	while (size == sizeof(result));
	close(pipes[0]);
	if (ret_layers)
		*ret_layers = result[0];
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? KILLED : KILLED + WTERMSIG(status);
	return WEXITSTATUS(status) ? -WEXITSTATUS(status) : result[1];
}

static const char *result_text(int result)
{
	return result == KILLED ? "killed by SIGSYS" :
	       result > KILLED ? "killed" :
	       result == 0 ? "nothing refused" : strerrordesc_np(result);
}

struct expectation {
	const char *what;
	int (*try)(void);
	int result;		// errno, 0 or KILLED
	int other_result;	// as good; 0 when there is none
	int abi;		// from this Landlock ABI on; 0: always
};

static int landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);

	return abi < 0 ? 0 : (int)abi;
}

static void expect(const char *who, const struct kg_sandbox *sandbox, bool plain, const struct expectation *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int result;

		if (landlock_abi() < list[i].abi) {
			skip("%s: %s: this kernel's Landlock has ABI %d", who, list[i].what, landlock_abi());
			continue;
		}
		result = attempt(sandbox, list[i].try, plain, NULL);
		ok(result == list[i].result || (list[i].other_result && result == list[i].other_result), "%s: %s: %s", who,
		   list[i].what, result_text(result));
	}
}
#define EXPECT(who, sandbox, plain, list) expect(who, sandbox, plain, list, KG_ARRAY_SIZE(list))

/* Without a filter: what Landlock, limits and the user refuse. */
static void test_layers(const char *who, struct kg_sandbox sandbox, bool plain, bool leaves_root)
{
	static const struct expectation always[] = {
		{ "reading a file is refused", try_open, EACCES, 0, 1 },
		{ "listing a directory is refused", try_list, EACCES, 0, 1 },
		{ "making a file is refused", try_create, EACCES, 0, 1 },
		{ "opening one for writing is refused", try_write, EACCES, 0, 1 },
		{ "truncating one is refused", try_truncate, EACCES, 0, 3 },
		{ "removing one is refused", try_remove, EACCES, EPERM, 1 },
		{ "executing one is refused", try_exec, EACCES, 0, 1 },
		{ "connecting by TCP is refused", try_connect, EACCES, 0, 4 },
		{ "binding a TCP port is refused", try_bind, EACCES, 0, 4 },
		{ "connecting to an abstract socket is refused", try_abstract, EPERM, 0, 6 },
		{ "a signal to a sibling is refused", try_kill, EPERM, 0, 6 },
		{ "tracing a sibling is refused", try_ptrace, EPERM, 0, 1 },
		{ "no capability is left", try_capability, EPERM, 0, 0 },
		{ "the process cannot be dumped", try_dump, EPERM, 0, 0 },
		{ "exec gains no privileges", try_privileges, EPERM, 0, 0 },
		{ "descriptors are limited", try_descriptors, EMFILE, 0, 0 },
		{ "going back to root is refused", try_root, EPERM, 0, 0 },
		{ "memory is still given", try_memory, 0, 0, 0 },
	};
	static const struct expectation reading[] = {
		{ "reading a file of the system is allowed", try_open_system, 0, 0, 0 },
		{ "listing a directory of it is allowed", try_list_system, 0, 0, 0 },
		{ "reading any other is refused", try_open, EACCES, 0, 1 },
		{ "listing any other is refused", try_list, EACCES, 0, 1 },
		{ "making a file is refused", try_create, EACCES, 0, 1 },
		{ "opening one for writing is refused", try_write, EACCES, 0, 1 },
		{ "executing one is refused", try_exec, EACCES, 0, 1 },
		{ "connecting by TCP is refused", try_connect, EACCES, 0, 4 },
		{ "a signal to a sibling is refused", try_kill, EPERM, 0, 6 },
	};
	static const struct expectation limits[] = {
		{ "memory is limited", try_much_memory, ENOMEM, 0, 0 },
	};
	static const struct expectation processes[] = {
		{ "a new process is refused", try_fork, EAGAIN, 0, 0 },
	};
	char name[64];

	for (size_t i = 0; i < KG_ARRAY_SIZE(always); i++) {
		/* A process of root's stays root, if without any power, where it is told to. */
		if (always[i].try == try_root && !leaves_root)
			continue;
		expect(who, &sandbox, plain, &always[i], 1);
	}
	if (!SANITIZED) {
		EXPECT(who, &sandbox, plain, limits);
		sandbox.no_processes = true;	// not before: it would refuse exec in Landlock's place
		if (leaves_root)
			EXPECT(who, &sandbox, plain, processes);
		sandbox.no_processes = false;
	}
	sandbox.landlock_read = true;
	snprintf(name, sizeof(name), "%s, reading", who);
	EXPECT(name, &sandbox, plain, reading);
}

static void test_filter(const char *who, struct kg_sandbox sandbox, bool plain)
{
	static const struct expectation list[] = {
		{ "what is allowed works", try_memory, 0, 0, 0 },
		{ "nothing but the allowed: a socket kills", try_socket, KILLED, 0, 0 },
		{ "exec kills", try_exec, KILLED, 0, 0 },
		{ "ptrace kills", try_ptrace, KILLED, 0, 0 },
		{ "a signal kills", try_kill, KILLED, 0, 0 },
		{ "fork kills", try_fork, KILLED, 0, 0 },
		{ "executable memory kills", try_executable, KILLED, 0, 0 },
		{ "a shared read-only mapping works: an alternative", try_shared, 0, 0, 0 },
		{ "a shared writable one kills: no mixture of alternatives", try_shared_writable, KILLED, 0, 0 },
		{ "the right argument works", try_fcntl_right, 0, 0, 0 },
		{ "another argument kills", try_fcntl_wrong, KILLED, 0, 0 },
		{ "a denied call answers EACCES", try_open, EACCES, 0, 0 },
		{ "an unknown one answers ENOSYS", try_getcpu, ENOSYS, 0, 0 },
		{ "a call of the second list works", try_getppid, 0, 0, 0 },
		{ "a narrower filter can follow", try_narrow, 0, 0, 0 },
		{ "after it the call of the second list kills", try_after_narrow, KILLED, 0, 0 },
		{ "a second filter cannot give what the first refuses", try_wider, KILLED, 0, 0 },
	};

	if (SANITIZED) {
		skip("%s: a build with a sanitizer has no filter", who);
		return;
	}
	sandbox.rules = rules;
	sandbox.more = more;
	EXPECT(who, &sandbox, plain, list);
}

/* ---- single things ---- */

static void test_swallowed_rules(void)
{
	static const struct kg_rule with_and_without[] = { BASIC_RULES, KG_ALLOW("dup"), KG_ALLOW_IF("dup", KG_ARG32(0, 1)),
							   { .action = KG_RULE_END } };
	static const struct kg_rule allow_and_deny[] = { BASIC_RULES, KG_ALLOW("dup"), KG_DENY("dup"),
							 { .action = KG_RULE_END } };
	static const struct kg_rule some_and_deny[] = { BASIC_RULES, KG_ALLOW_IF("dup", KG_ARG32(0, 1)), KG_DENY("dup"),
							{ .action = KG_RULE_END } };
	static const struct kg_rule impossible[] = { BASIC_RULES, KG_ALLOW_IF("dup", KG_ARG_BITS(0, 1, 2)),
						     { .action = KG_RULE_END } };
	static const struct kg_rule twice[] = { BASIC_RULES, KG_ALLOW("dup"), KG_ALLOW("dup"), { .action = KG_RULE_END } };
	static const struct kg_rule dup_rule[] = { KG_DENY("dup"), { .action = KG_RULE_END } };
	const struct kg_rule *wrong[] = { with_and_without, allow_and_deny, some_and_deny, impossible };
	struct kg_sandbox sandbox = { .uid = (uid_t)-1, .gid = (gid_t)-1 };

	if (SANITIZED) {
		skip("a build with a sanitizer has no filter");
		return;
	}
	for (size_t i = 0; i < KG_ARRAY_SIZE(wrong); i++) {
		sandbox.rules = wrong[i];
		ok(attempt(&sandbox, try_nothing, false, NULL) == -REFUSED - 4,
		   "rules that would be swallowed are refused (%zu)", i);
	}
	sandbox.rules = twice;
	ok(attempt(&sandbox, try_nothing, false, NULL) == 0, "a rule may be there twice");
	sandbox.more = dup_rule;
	ok(attempt(&sandbox, try_nothing, false, NULL) == -REFUSED - 4, "the second list is held against the first");
}

/* A thread that was there before is locked as well. */
static int thread_go;

static void *thread_main(void *data)
{
	while (!__atomic_load_n(&thread_go, __ATOMIC_ACQUIRE))
		;
	syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
	return NULL;
}

static void test_threads(void)
{
	struct kg_sandbox sandbox = { .uid = (uid_t)-1, .rules = rules, .more = more };
	int status;
	pid_t pid;

	if (SANITIZED) {
		skip("a build with a sanitizer has no filter");
		return;
	}
	pid = fork();
	if (pid == 0) {
		const char *what;
		pthread_t thread;

		alarm(20);
		if (pthread_create(&thread, NULL, thread_main, NULL) || kg_sandbox_enter(&sandbox, &what) < 0)
			_exit(1);
		__atomic_store_n(&thread_go, 1, __ATOMIC_RELEASE);
		for (;;)
			getpid();
	}
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "the filter holds in threads that were there before");
}

/* The monitor is killed while its child blocks. */
static void test_parent_death(bool as_nobody)
{
	struct kg_sandbox sandbox = { .uid = as_nobody ? NOBODY : (uid_t)-1, .gid = NOBODY };
	int pipes[2];
	pid_t monitor, child = 0;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		abort();
	monitor = fork();
	if (monitor == 0) {
		pid_t pid = fork();

		if (pid == 0) {
			const char *what;
			pid_t self = getpid();

			if (kg_sandbox_enter(&sandbox, &what) < 0)
				_exit(1);
			if (write(pipes[1], &self, sizeof(self)) < 0)
				_exit(1);
			for (;;)
				pause();
		}
		for (;;)
			pause();
	}
	close(pipes[1]);
	if (read(pipes[0], &child, sizeof(child)) != sizeof(child))
		child = 0;
	kill(monitor, SIGKILL);
	waitpid(monitor, NULL, 0);
	/* The pipe's last writer is the child: its end is the end of the pipe. */
	struct pollfd poll_fd = { .fd = pipes[0] };

	ok(child > 0 && poll(&poll_fd, 1, 5000) == 1 && (poll_fd.revents & POLLHUP), "a child ends with its parent%s",
	   as_nobody ? ", after a change of user" : "");
	if (child > 0 && !(poll_fd.revents & POLLHUP))
		kill(child, SIGKILL);
	close(pipes[0]);
}

static void test_trap(void)
{
	struct kg_sandbox sandbox = { .uid = (uid_t)-1, .rules = rules };
	char text[256], call[32];
	int pipes[2], status;
	ssize_t size;
	pid_t pid;

	if (SANITIZED) {
		skip("a build with a sanitizer has no filter");
		return;
	}
	if (pipe(pipes) < 0)
		abort();
	pid = fork();
	if (pid == 0) {
		const char *what;

		setenv("KG_SANDBOX_TRAP", "1", 1);
		dup2(pipes[1], STDERR_FILENO);
		if (kg_sandbox_enter(&sandbox, &what) < 0)
			_exit(1);
		syscall(SYS_socket, 0x11, 0x22, 0x33);
		_exit(0);
	}
	close(pipes[1]);
	waitpid(pid, &status, 0);
	size = read(pipes[0], text, sizeof(text) - 1);
	text[size > 0 ? size : 0] = 0;
	close(pipes[0]);
	snprintf(call, sizeof(call), "call %d ", (int)SYS_socket);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGSYS && strstr(text, call) &&
		   strstr(text, "0x11, 0x22, 0x33"),
	   "KG_SANDBOX_TRAP says which call it was: %s", strtok(text, "\n"));
}

static void test_names(void)
{
	enum kg_sandbox_mode mode;
	char text[64];
	uid_t uid = 1;
	gid_t gid = 1;

	ok(!strcmp(kg_sandbox_layers_text(31, text), "limits user privileges landlock seccomp"), "layers have names");
	ok(!strcmp(kg_sandbox_layers_text(KG_LAYER_LIMITS | KG_LAYER_SECCOMP, text), "limits seccomp") &&
		   !strcmp(kg_sandbox_layers_text(0, text), ""),
	   "only those in force are named");
	ok(kg_sandbox_mode_parse("best", &mode) && mode == KG_SANDBOX_BEST && kg_sandbox_mode_parse("require", &mode) &&
		   mode == KG_SANDBOX_REQUIRE && kg_sandbox_mode_parse("off", &mode) && mode == KG_SANDBOX_OFF &&
		   !kg_sandbox_mode_parse("on", &mode),
	   "modes are read by name");
	ok(kg_sandbox_user("nobody", &uid, &gid) == 0 && uid == NOBODY && gid == NOBODY, "a user is looked up");
	ok(kg_sandbox_user("no-such-user-here", &uid, &gid) == -ENOENT && uid == NOBODY, "one that is not there is not");
}

static void test_modes(bool root)
{
	struct kg_sandbox sandbox = { .mode = KG_SANDBOX_OFF, .uid = NOBODY, .gid = NOBODY, .rules = rules, .files_max = 3 };
	int layers, all, result;

	result = attempt(&sandbox, try_open, false, &layers);
	ok(result == 0 && layers == (root ? KG_LAYER_USER : 0), "off: nothing is locked");
	if (root) {
		ok(attempt(&sandbox, try_root, false, NULL) == EPERM && attempt(&sandbox, try_parent_death, false, NULL) == 0,
		   "but root is root no more, and ends with its parent");
		sandbox.uid = sandbox.gid = (uid_t)-1;
		ok(attempt(&sandbox, try_root, false, NULL) == 0, "unless it is to stay");
	}
	sandbox = (struct kg_sandbox){ .mode = KG_SANDBOX_REQUIRE, .uid = NOBODY, .gid = NOBODY, .rules = rules };
	if (root) {
		if (!landlock_abi()) {
			skip("this kernel has no Landlock");
		} else {
			all = KG_LAYER_LIMITS | KG_LAYER_USER | KG_LAYER_PRIVILEGES | KG_LAYER_LANDLOCK;
			all |= SANITIZED ? 0 : KG_LAYER_SECCOMP;
			result = attempt(&sandbox, try_nothing, false, &layers);
			ok(result == 0 && layers == all,
			   "require: all layers are in force (%#x)", (unsigned)layers);
		}
	}
	sandbox.uid = 4711;
	ok(attempt(&sandbox, try_nothing, root, NULL) == -REFUSED - 1,
	   "require: a plain user cannot become another, and the layer is named");
	sandbox.mode = KG_SANDBOX_BEST;
	result = attempt(&sandbox, try_nothing, root, &layers);
	ok(result == 0 && !(layers & KG_LAYER_USER) && (layers & KG_LAYER_PRIVILEGES),
	   "best: it is left out (%#x)", (unsigned)layers);
}

/* Landlock of all ages, played on this kernel, which takes what older ones took. */
static void test_landlock_ages(void)
{
	struct kg_sandbox sandbox = { .mode = KG_SANDBOX_REQUIRE, .uid = (uid_t)-1 };
	int newest = landlock_abi();

	for (int abi = 1; abi <= newest && abi <= 7; abi++) {
		int layers, opened, truncated, connected, killed;

		pretended_abi = abi;
		opened = attempt(&sandbox, try_open, false, &layers);
		truncated = attempt(&sandbox, try_truncate, false, NULL);
		connected = attempt(&sandbox, try_connect, false, NULL);
		killed = attempt(&sandbox, try_kill, geteuid() == 0, NULL);	// as the sibling's own user
		ok((layers & KG_LAYER_LANDLOCK) && opened == EACCES && (truncated == EACCES) == (abi >= 3) &&
			   (connected == EACCES) == (abi >= 4) && (killed == EPERM) == (abi >= 6),
		   "ABI %d of Landlock refuses what it can", abi);
	}
	pretended_abi = newest + 100;
	ok(attempt(&sandbox, try_open, false, NULL) == EACCES, "a newer one is used as far as it is known");
	pretended_abi = -1;
}

static void test_lacking(void)
{
	struct kg_sandbox sandbox = { .mode = KG_SANDBOX_REQUIRE, .uid = (uid_t)-1, .rules = rules };
	int layers, result;

	pretended_abi = 0;
	ok(attempt(&sandbox, try_nothing, false, NULL) == -REFUSED - 3, "require: a kernel without Landlock is an error, named");
	sandbox.mode = KG_SANDBOX_BEST;
	result = attempt(&sandbox, try_nothing, false, &layers);
	ok(result == 0 && !(layers & KG_LAYER_LANDLOCK) && (layers & KG_LAYER_LIMITS), "best: it is left out");
	pretended_abi = -1;
	if (SANITIZED) {
		skip("a build with a sanitizer has no filter");
		return;
	}
	pretended_no_seccomp = true;
	result = attempt(&sandbox, try_nothing, false, &layers);
	ok(result == 0 && !(layers & KG_LAYER_SECCOMP) && (layers & KG_LAYER_LIMITS), "best: so is seccomp");
	sandbox.mode = KG_SANDBOX_REQUIRE;
	ok(attempt(&sandbox, try_nothing, false, NULL) == -REFUSED - 4, "require: a kernel without it is an error, named");
	pretended_no_seccomp = false;
}

int main(void)
{
	struct kg_sandbox sandbox = { .uid = (uid_t)-1, .gid = (gid_t)-1, .memory_max = 768u << 20, .files_max = 32 };
	bool root = geteuid() == 0;
	char path[96];
	int listener;

	kg_log_init("test", KG_LOG_ERR);
	strcpy(scratch, "/tmp/kagami-sandbox-XXXXXX");
	if (!mkdtemp(scratch) || chmod(scratch, 0777) < 0)
		return EXIT_FAILURE;
	snprintf(path, sizeof(path), "%s/file", scratch);
	zero_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (zero_fd < 0 || fchmod(zero_fd, 0666) < 0 || ftruncate(zero_fd, 4096) < 0)
		return EXIT_FAILURE;
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	abstract.sun_family = AF_UNIX;
	abstract_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
				    (size_t)snprintf(abstract.sun_path + 1, 64, "kagami-test-%d", getpid()));
	if (listener < 0 || bind(listener, (struct sockaddr *)&abstract, abstract_size) < 0 || listen(listener, 64) < 0)
		return EXIT_FAILURE;
	sibling = fork();
	if (sibling == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (root && (setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
			_exit(1);
		for (;;)
			pause();
	}

	test_names();
	test_swallowed_rules();
	test_threads();
	test_modes(root);
	if (landlock_abi())
		test_landlock_ages();
	else
		skip("this kernel has no Landlock");
	test_lacking();
	test_parent_death(false);
	if (root) {
		test_parent_death(true);
		test_layers("root", sandbox, false, false);
		test_filter("root", sandbox, false);
		sandbox.uid = sandbox.gid = NOBODY;
		test_layers("root that becomes nobody", sandbox, false, true);
		test_filter("root that becomes nobody", sandbox, false);
		sandbox.uid = (uid_t)-1;
	}
	test_layers("a plain user", sandbox, root, true);
	test_filter("a plain user", sandbox, root);

	kill(sibling, SIGKILL);
	waitpid(sibling, NULL, 0);
	unlink(path);
	rmdir(scratch);
	test_trap();
	return tap_end();
}
