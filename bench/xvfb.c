/* Starts and stops Xvfb and a program on it: by process id, and the program with all that it started. */
#include "bench/xvfb.h"

#include "base/loop.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>

#define READY_MS 15000
#define STOP_MS 3000

struct kg_xvfb {
	pid_t server, program;		// 0: none
	char directory[32];		// of the cookie, "": none
	char cookie[48];		// its file
	char display[16];
};

/* One cookie for every display of every host: the display's number is not known before the server runs. */
static int write_cookie(const char *path)
{
	static const char name[] = "MIT-MAGIC-COOKIE-1";
	uint8_t entry[64] = { 0xff, 0xff, 0, 0, 0, 0, 0, sizeof(name) - 1 };	// family, address, number, name
	size_t at = 8 + sizeof(name) - 1;
	int fd = KG_SYS(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)), r;

	if (fd < 0)
		return fd;
	memcpy(entry + 8, name, sizeof(name) - 1);
	entry[at + 1] = 16;
	r = KG_SYS(getrandom(entry + at + 2, 16, 0));
	if (r >= 0)
		r = KG_SYS(write(fd, entry, at + 2 + 16));
	close(fd);
	return r < 0 ? r : 0;
}

/* In a child: signals as programs expect them, and the end of this process is theirs. */
static void become_child(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
}

static void become_server(const struct kg_xvfb *xvfb, int number_fd, const char *screen)
{
	char number[12];
	int null = open("/dev/null", O_RDWR);

	become_child();
	snprintf(number, sizeof(number), "%d", number_fd);
	if (null < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0 || fcntl(number_fd, F_SETFD, 0) < 0)
		_exit(126);
	execlp("Xvfb", "Xvfb", "-displayfd", number, "-screen", "0", screen, "-auth", xvfb->cookie, "-nolisten", "tcp", "-noreset",
	       (char *)NULL);
	_exit(127);
}

/* The display's number, a line, once the server is ready. */
static int read_number(struct kg_xvfb *xvfb, int fd)
{
	uint64_t end_us = kg_now_us() + READY_MS * 1000;
	char text[12];
	size_t length = 0;

	while (!memchr(text, '\n', length)) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		uint64_t now_us = kg_now_us();
		ssize_t n;

		if (now_us >= end_us || length == sizeof(text) - 1)
			return -ETIMEDOUT;
		if (poll(&wait, 1, (int)((end_us - now_us) / 1000) + 1) <= 0)
			continue;
		n = read(fd, text + length, sizeof(text) - 1 - length);
		if (n <= 0)
			return n ? -errno : -ECHILD;
		length += (size_t)n;
	}
	text[strcspn(text, "\n")] = 0;
	if (!text[0] || text[strspn(text, "0123456789")])
		return -EPROTO;
	snprintf(xvfb->display, sizeof(xvfb->display), ":%s", text);
	return 0;
}

static int start_server(struct kg_xvfb *xvfb, uint32_t width, uint32_t height)
{
	char screen[32];
	int ends[2], r = KG_SYS(pipe2(ends, O_CLOEXEC));

	if (r < 0)
		return r;
	snprintf(screen, sizeof(screen), "%ux%ux24", width, height);
	xvfb->server = fork();
	if (!xvfb->server)
		become_server(xvfb, ends[1], screen);
	if (xvfb->server < 0) {
		r = -errno;
		xvfb->server = 0;
	}
	close(ends[1]);
	if (r == 0)
		r = read_number(xvfb, ends[0]);
	close(ends[0]);
	return r;
}

int kg_xvfb_start(struct kg_xvfb **ret, uint32_t width, uint32_t height)
{
	struct kg_xvfb *xvfb = calloc(1, sizeof(*xvfb));
	int r;

	if (!xvfb)
		return -ENOMEM;
	strcpy(xvfb->directory, "/tmp/kagami-xvfb-XXXXXX");
	if (!mkdtemp(xvfb->directory)) {
		r = -errno;
		xvfb->directory[0] = 0;
		goto fail;
	}
	snprintf(xvfb->cookie, sizeof(xvfb->cookie), "%s/cookie", xvfb->directory);
	r = write_cookie(xvfb->cookie);
	if (r == 0)
		r = KG_SYS(setenv("XAUTHORITY", xvfb->cookie, 1));
	if (r == 0)
		r = start_server(xvfb, width, height);
	if (r < 0)
		goto fail;
	*ret = xvfb;
	return 0;

fail:
	fprintf(stderr, "kagami-bench: cannot start Xvfb: %s\n", r == -ECHILD ? "it is not installed, or ended at once" : strerror(-r));
	kg_xvfb_stop(xvfb);
	return r;
}

/* By SIGTERM, then by SIGKILL. */
static void end_process(pid_t pid, bool group)
{
	uint64_t end_us = kg_now_us() + STOP_MS * 1000;

	if (pid <= 0)
		return;
	kill(group ? -pid : pid, SIGTERM);
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (kg_now_us() > end_us) {
			kill(group ? -pid : pid, SIGKILL);
			waitpid(pid, NULL, 0);
			return;
		}
		usleep(5000);
	}
}

void kg_xvfb_stop(struct kg_xvfb *xvfb)
{
	if (!xvfb)
		return;
	end_process(xvfb->program, true);
	end_process(xvfb->server, false);
	if (xvfb->cookie[0])
		unlink(xvfb->cookie);
	if (xvfb->directory[0])
		rmdir(xvfb->directory);
	free(xvfb);
}

const char *kg_xvfb_display(const struct kg_xvfb *xvfb)
{
	return xvfb->display;
}

int kg_xvfb_run(struct kg_xvfb *xvfb, const char *command, pid_t *ret_pid)
{
	xvfb->program = fork();
	if (!xvfb->program) {
		become_child();
		if (setpgid(0, 0) < 0 || setenv("DISPLAY", xvfb->display, 1) < 0)
			_exit(126);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (xvfb->program < 0) {
		int r = -errno;

		xvfb->program = 0;
		return r;
	}
	*ret_pid = xvfb->program;
	return 0;
}

void kg_xvfb_ran(struct kg_xvfb *xvfb)
{
	kill(-xvfb->program, SIGTERM);	// what it may have left behind
	xvfb->program = 0;
}
