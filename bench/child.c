/* Starting and stopping programs. */
#include "bench/child.h"

#include "base/loop.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define STOP_MS 5000

static void become(const char *const *arguments, int out, const char *log)
{
	int fd = log ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : STDERR_FILENO;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (fd < 0 || (out >= 0 && dup2(out, STDOUT_FILENO) < 0) || (log && dup2(fd, STDERR_FILENO) < 0))
		_exit(126);
	execvp(arguments[0], (char *const *)arguments);
	_exit(127);
}

int kg_child_start(pid_t *ret, const char *const *arguments, int *ret_out, const char *log)
{
	int ends[2] = { -1, -1 };
	int r = ret_out ? KG_SYS(pipe2(ends, O_CLOEXEC)) : 0;
	pid_t pid;

	if (r < 0)
		return r;
	pid = fork();
	if (!pid)
		become(arguments, ends[1], log);
	r = pid < 0 ? -errno : 0;
	kg_close(ends[1]);
	if (r < 0) {
		kg_close(ends[0]);
		return r;
	}
	if (ret_out)
		*ret_out = ends[0];
	*ret = pid;
	return 0;
}

void kg_child_stop(pid_t pid)
{
	kill(pid, SIGTERM);
	for (uint64_t end = kg_now_us() + STOP_MS * UINT64_C(1000); kg_now_us() < end; usleep(5000))
		if (waitpid(pid, NULL, WNOHANG))
			return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
