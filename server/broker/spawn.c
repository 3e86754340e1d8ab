/* Starts and reaps the sibling programs of kagamid. */
#define KG_TOPIC "spawn"
#include "server/broker/spawn.h"

#include "base/log.h"
#include "base/loop.h"
#include "server/broker/relay.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/queue.h>
#include <sys/wait.h>

#define FIRST_FD 3
#define FDS_MAX 8
#define ENVIRONMENT_MAX 64

struct kg_process {
	TAILQ_ENTRY(kg_process) link;
	struct kg_spawner *spawner;
	struct kg_watch *watch;
	struct kg_watch *grace;
	struct kg_relay *relay;
	kg_process_ended_fn fn;		// NULL once the owner has freed it
	void *data;
	pid_t pid;
};

TAILQ_HEAD(process_list, kg_process);

struct kg_spawner {
	struct kg_loop *loop;
	char *directory;
	struct process_list processes;
	size_t count;
	void (*empty)(void *data);
	void *empty_data;
};

/* The directory of kagamid's own executable, when the session program lies there too. */
static char *own_directory(void)
{
	char path[PATH_MAX], *slash, *directory = NULL, *session = NULL;
	ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (size <= 0)
		return NULL;
	path[size] = 0;
	slash = strrchr(path, '/');
	if (!slash || slash == path)
		return NULL;
	*slash = 0;
	if (asprintf(&session, "%s/kagami-session", path) < 0)
		return NULL;
	if (access(session, X_OK) == 0)
		directory = strdup(path);
	free(session);
	return directory;
}

/* A program that is missing is one line at start, not one for each try. */
static int check_programs(const char *directory)
{
	static const char *const names[] = { "kagami-session", "kagami-auth", "kagami-desktop" };
	char path[PATH_MAX];

	for (size_t i = 0; i < KG_ARRAY_SIZE(names); i++) {
		if (snprintf(path, sizeof(path), "%s/%s", directory, names[i]) >= (int)sizeof(path))
			return kg_err(-ENAMETOOLONG, "%s", directory);
		if (access(path, X_OK) < 0)
			return kg_err(-errno, "cannot start %s", path);
	}
	return 0;
}

int kg_spawner_new(struct kg_spawner **ret, struct kg_loop *loop, const char *directory)
{
	struct kg_spawner *spawner = calloc(1, sizeof(*spawner));
	int r;

	if (!spawner)
		return -ENOMEM;
	spawner->loop = loop;
	TAILQ_INIT(&spawner->processes);
	spawner->directory = directory ? strdup(directory) : own_directory();
	if (!spawner->directory)
		spawner->directory = strdup(KG_PROGRAM_DIR);
	r = spawner->directory ? check_programs(spawner->directory) : -ENOMEM;
	if (r < 0) {
		free(spawner->directory);
		free(spawner);
		return r;
	}
	*ret = spawner;
	return 0;
}

static void process_done(struct kg_process *process)
{
	struct kg_spawner *spawner = process->spawner;

	TAILQ_REMOVE(&spawner->processes, process, link);
	spawner->count--;
	kg_watch_free(process->watch);
	kg_watch_free(process->grace);
	kg_relay_free(process->relay);
	free(process);
}

void kg_spawner_free(struct kg_spawner *spawner)
{
	if (!spawner)
		return;
	while (!TAILQ_EMPTY(&spawner->processes))
		process_done(TAILQ_FIRST(&spawner->processes));
	free(spawner->directory);
	free(spawner);
}

size_t kg_spawner_count(const struct kg_spawner *spawner)
{
	return spawner->count;
}

void kg_spawner_on_empty(struct kg_spawner *spawner, void (*fn)(void *data), void *data)
{
	spawner->empty = fn;
	spawner->empty_data = data;
}

void kg_spawner_kill_all(struct kg_spawner *spawner)
{
	struct kg_process *process;

	TAILQ_FOREACH(process, &spawner->processes, link)
		kill(process->pid, SIGKILL);
}

/* ---- the child's environment ---- */

struct environment {
	char *entries[ENVIRONMENT_MAX + 1];
	size_t count;
	char xauthority[PATH_MAX];
};

static void environment_add(struct environment *environment, char *entry)
{
	if (environment->count < ENVIRONMENT_MAX)
		environment->entries[environment->count++] = entry;
}

static bool starts_with_any(const char *entry, const char *const *starts)
{
	for (; *starts; starts++) {
		if (!strncmp(entry, *starts, strlen(*starts)))
			return true;
	}
	return false;
}

/* From scratch: what is passed on is named here. Time zone: SESSION.md; home: FreeRDP wants the variable, not the folder. */
static void environment_make(struct environment *environment, bool graphics)
{
	static const char *const for_all[] = { "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "TSAN_OPTIONS=", "LSAN_OPTIONS=", NULL };
	static const char *const for_graphics[] = {
		"DISPLAY=", "XAUTHORITY=", "XDG_RUNTIME_DIR=", "LIBGL_", "MESA_", "VK_", "EGL_", "GALLIUM_", "LP_", NULL,
	};
	static char home[] = "HOME=/nonexistent", zone[] = "TZ=UTC", path[] = "PATH=/usr/bin:/bin", lang[] = "LANG=C",
		    prefix[] = "KG_LOG_PREFIX=1";	// base/log.h: levels as relay.c reads them
	const char *user_home = getenv("HOME");

	environment->count = 0;
	environment_add(environment, home);
	environment_add(environment, zone);
	environment_add(environment, path);
	environment_add(environment, lang);
	environment_add(environment, prefix);
	for (char **entry = environ; *entry; entry++) {
		if (starts_with_any(*entry, for_all) || (graphics && starts_with_any(*entry, for_graphics)))
			environment_add(environment, *entry);
	}
	/* An X server's cookie lies under HOME, which the child does not get. */
	if (graphics && !getenv("XAUTHORITY") && user_home &&
	    snprintf(environment->xauthority, sizeof(environment->xauthority), "XAUTHORITY=%s/.Xauthority", user_home) <
		    (int)sizeof(environment->xauthority))
		environment_add(environment, environment->xauthority);
	environment->entries[environment->count] = NULL;
}

/* ---- start ---- */

/* In the child: only calls that are safe after fork. Does not return. */
static void __attribute__((noreturn)) child(const char *path, char *const *arguments, char *const *environment, const int *fds,
					    size_t fd_count, int output, pid_t parent)
{
	int moved[FDS_MAX], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	/* Above all the numbers that are wanted first, so that no dup2 closes one that is still needed. */
	output = fcntl(output, F_DUPFD_CLOEXEC, 32);
	for (size_t i = 0; i < fd_count; i++)
		moved[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 32);
	if (null < 0 || output < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
		_exit(126);
	for (size_t i = 0; i < fd_count; i++) {
		if (moved[i] < 0 || dup2(moved[i], FIRST_FD + (int)i) < 0)
			_exit(126);
	}
	if (close_range(FIRST_FD + (unsigned)fd_count, ~0U, 0) < 0)
		_exit(126);
	for (int signal_number = 1; signal_number < NSIG; signal_number++)
		signal(signal_number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(126);
	execve(path, arguments, environment);
	dprintf(2, "<3>cannot start %s: %s\n", path, strerror(errno));
	_exit(127);
}

static void on_ended(void *data, pid_t pid, int status)
{
	struct kg_process *process = data;
	struct kg_spawner *spawner = process->spawner;
	kg_process_ended_fn fn = process->fn;
	void *owner = process->data;

	/* The last lines come before whatever the owner says about the end. */
	process_done(process);
	if (fn)
		fn(owner, status);
	if (!spawner->count && spawner->empty)
		spawner->empty(spawner->empty_data);
}

int kg_process_start(struct kg_process **ret, struct kg_spawner *spawner, const struct kg_process_how *how,
		     kg_process_ended_fn fn, void *data)
{
	struct kg_process *process = calloc(1, sizeof(*process));
	struct environment environment;
	char path[PATH_MAX], name[64];
	char *const arguments[] = { name, NULL };
	pid_t parent = getpid();
	int output[2] = { -1, -1 }, r;

	if (!process)
		return -ENOMEM;
	if (how->fd_count > FDS_MAX ||
	    snprintf(path, sizeof(path), "%s/%s", spawner->directory, how->program) >= (int)sizeof(path)) {
		free(process);
		return -EINVAL;
	}
	snprintf(name, sizeof(name), "%s", how->program);
	environment_make(&environment, how->graphics);
	process->spawner = spawner;
	process->fn = fn;
	process->data = data;

	r = KG_SYS(pipe2(output, O_CLOEXEC));
	if (r < 0)
		goto fail;
	r = process->pid = KG_SYS(fork());
	if (r == 0)
		child(path, arguments, environment.entries, how->fds, how->fd_count, output[1], parent);
	output[1] = kg_close(output[1]);
	if (r < 0)
		goto fail;
	r = kg_relay_new(&process->relay, spawner->loop, output[0], how->label, process->pid);
	output[0] = -1;
	if (r == 0)
		r = kg_loop_child(spawner->loop, &process->watch, process->pid, on_ended, process);
	if (r < 0) {
		kill(process->pid, SIGKILL);
		waitpid(process->pid, NULL, 0);
		goto fail;
	}
	TAILQ_INSERT_TAIL(&spawner->processes, process, link);
	spawner->count++;
	*ret = process;
	return 0;

fail:
	kg_relay_free(process->relay);
	kg_close(output[0]);
	kg_close(output[1]);
	free(process);
	return r;
}

pid_t kg_process_pid(const struct kg_process *process)
{
	return process->pid;
}

void kg_process_kill(struct kg_process *process)
{
	if (process)
		kill(process->pid, SIGKILL);
}

void kg_process_free(struct kg_process *process)
{
	if (!process)
		return;
	process->fn = NULL;
	kill(process->pid, SIGKILL);
}

static void on_grace(void *data)
{
	kg_process_kill(data);
}

void kg_process_release(struct kg_process *process, uint64_t grace_us)
{
	if (!process)
		return;
	process->fn = NULL;
	if (process->grace ? kg_watch_arm(process->grace, grace_us)
			   : kg_loop_timer(process->spawner->loop, &process->grace, grace_us, on_grace, process))
		kg_process_kill(process);
}

const char *kg_status_text(int status, char text[64])
{
	if (WIFSIGNALED(status))
		snprintf(text, 64, "killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(text, 64, "exit %d", WEXITSTATUS(status));
	return text;
}
