/* Starts and stops Xvfb and a program on it. What the program leaves behind loses its display. */
#include "bench/xvfb.h"

#include "base/loop.h"
#include "bench/child.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/random.h>

#define READY_MS 15000

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
	const char *const arguments[] = { "Xvfb", "-displayfd", "1", "-screen", "0", screen, "-auth", xvfb->cookie,
					  "-nolisten", "tcp", "-noreset", NULL };
	int out, r;

	snprintf(screen, sizeof(screen), "%ux%ux24", width, height);
	r = kg_child_start(&xvfb->server, arguments, &out, "/dev/null");
	if (r < 0)
		return r;
	r = read_number(xvfb, out);
	close(out);
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
	fprintf(stderr, "kagami-bench: cannot start Xvfb: %s\n",
		r == -ECHILD ? "it is not installed, or ended at once" : strerror(-r));
	kg_xvfb_stop(xvfb);
	return r;
}

void kg_xvfb_stop(struct kg_xvfb *xvfb)
{
	if (!xvfb)
		return;
	if (xvfb->program)
		kg_child_stop(xvfb->program);
	if (xvfb->server)
		kg_child_stop(xvfb->server);
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
	const char *const arguments[] = { "/bin/sh", "-c", command, NULL };
	int r = KG_SYS(setenv("DISPLAY", xvfb->display, 1));

	if (r == 0)
		r = kg_child_start(&xvfb->program, arguments, NULL, NULL);
	if (r == 0)
		*ret_pid = xvfb->program;
	return r;
}

void kg_xvfb_ran(struct kg_xvfb *xvfb)
{
	xvfb->program = 0;
}
