/* kagami-bench record: opens a desktop, or a program on an X server of its own, and records what it shows. */
#include "bench/bench.h"
#include "bench/number.h"
#include "bench/recording.h"
#include "bench/xvfb.h"

#include "base/log.h"
#include "base/loop.h"
#include "input/sink.h"
#include "server/broker/qmp.h"
#include "server/desktop/kind.h"
#include "server/desktop/source.h"

#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>

#define SIDE_MAX 8192
#define EXEC_WIDTH 1920
#define EXEC_HEIGHT 1080

static const char usage[] =
	"Usage: kagami-bench record [OPTION]... DESKTOP FILE\n"
	"       kagami-bench record [OPTION]... --exec COMMAND FILE\n"
	"Records what a desktop shows, without loss, until it ends or is interrupted. kagamid --desktop replay:FILE "
	"plays it.\n"
	"\n"
	"  DESKTOP              as kagamid's --desktop: x11::0, qemu:/run/vm.qmp, demo, replay:terrain\n"
	"  --exec COMMAND       instead: a command line of the shell, on an X server of its own (Xvfb), until it ends\n"
	"  --seconds N          ends after that\n"
	"  --fps N              takes at most so many pictures a second (default: all)\n"
	"  --size WIDTHxHEIGHT  of the desktop (default: its own; with --exec 1920x1080)\n"
	"  --quiet              no progress\n"
	"  --help               this text\n";

enum { FLAG_EXEC = 1, FLAG_SECONDS, FLAG_FPS, FLAG_SIZE, FLAG_QUIET, FLAG_HELP };

static const struct option flags[] = {
	{ "exec", required_argument, NULL, FLAG_EXEC },
	{ "seconds", required_argument, NULL, FLAG_SECONDS },
	{ "fps", required_argument, NULL, FLAG_FPS },
	{ "size", required_argument, NULL, FLAG_SIZE },
	{ "quiet", no_argument, NULL, FLAG_QUIET },
	{ "help", no_argument, NULL, FLAG_HELP },
	{ 0 },
};

struct command {
	const char *exec, *desktop, *file;
	uint32_t width, height;
	struct kg_recording_options options;

	struct kg_loop *loop;
	struct kg_watch *interrupt, *terminate, *child;
	struct kg_xvfb *xvfb;
	struct kg_desktop_bundle bundle;
	struct kg_recording *recording;
	int fd;
};

/* ---- command line ---- */

static bool apply(struct command *c, int flag, const char *value)
{
	int used = 0;
	char *end;

	switch (flag) {
	case FLAG_EXEC:
		c->exec = value;
		return *value;
	case FLAG_SECONDS:
		c->options.seconds = strtod(value, &end);
		return end != value && !*end && isfinite(c->options.seconds) && c->options.seconds > 0 &&
		       c->options.seconds <= 86400;
	case FLAG_FPS:
		return kg_number_parse(value, 1, KG_FPS_MAX, &c->options.fps);
	case FLAG_SIZE:
		return sscanf(value, "%5ux%5u%n", &c->width, &c->height, &used) == 2 && !value[used] && c->width &&
		       c->height && c->width <= SIDE_MAX && c->height <= SIDE_MAX;
	case FLAG_QUIET:
		c->options.quiet = true;
		return true;
	default:
		return false;
	}
}

/* Returns -1 to go on, or the exit status. */
static int parse(struct command *c, int argc, char **argv)
{
	int flag, index = 0;

	while ((flag = getopt_long(argc, argv, "", flags, &index)) != -1) {
		if (flag == FLAG_HELP) {
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		}
		if (flag == '?')
			return 2;	// getopt_long said why
		if (!apply(c, flag, optarg)) {
			fprintf(stderr, "kagami-bench: --%s cannot be %s; see kagami-bench record --help\n",
				flags[index].name, optarg);
			return 2;
		}
	}
	if (argc - optind != (c->exec ? 1 : 2)) {
		fprintf(stderr, "kagami-bench: record needs a desktop and a file, or --exec and a file; see "
				"kagami-bench record --help\n");
		return 2;
	}
	c->desktop = c->exec ? NULL : argv[optind];
	c->file = argv[argc - 1];
	return -1;
}

/* ---- opening ---- */

struct display {		// of a QEMU
	int fd;
	bool done;
};

static void on_display(void *data, int fd, const char *why)
{
	struct display *display = data;

	display->fd = fd;
	display->done = true;
	if (fd < 0)
		fprintf(stderr, "kagami-bench: %s\n", why);
}

/* The display's connection, which kagamid asks for elsewhere. */
static int ask_qemu(struct command *c, const char *path)
{
	struct display display = { .fd = -1 };
	struct kg_qmp *qmp;
	int r = kg_qmp_open(&qmp, c->loop, path, on_display, &display);

	if (r < 0)
		return r;
	while (r >= 0 && !display.done)
		r = kg_loop_turn(c->loop, UINT64_MAX);
	kg_qmp_free(qmp);
	return r < 0 ? r : display.fd;
}

static int open_desktop(struct command *c, const char *desktop)
{
	struct kg_desktop_open how = { .loop = c->loop, .fd = -1, .width = c->width, .height = c->height };
	const char *colon = strchr(desktop, ':');
	size_t length = colon ? (size_t)(colon - desktop) : strlen(desktop);
	char name[32];
	const struct kg_desktop_kind *kind;
	int r = 0;

	snprintf(name, sizeof(name), "%.*s", (int)KG_MIN(length, sizeof(name) - 1), desktop);
	how.where = colon ? colon + 1 : "";
	kind = kg_desktop_kind_find(name);
	if (!kind) {
		fprintf(stderr, "kagami-bench: no kind of desktop \"%s\" was built in\n", name);
		return -ENOENT;
	}
	if (kind->check && !*how.where) {
		fprintf(stderr, "kagami-bench: %s: needs %s\n", name, kind->check);
		return -EINVAL;
	}
	if (!strcmp(name, "qemu"))
		r = how.fd = ask_qemu(c, how.where);
	if (r >= 0)
		r = kind->open(&c->bundle, &how);
	if (r < 0)
		fprintf(stderr, "kagami-bench: cannot open %s: %s\n", desktop, strerror(-r));
	return r;
}

static void on_child(void *data, pid_t pid, int status)
{
	struct command *c = data;

	kg_xvfb_ran(c->xvfb);
	kg_recording_stop(c->recording);
}

static int open_program(struct command *c)
{
	char desktop[32];
	int r;

	if (!c->width) {
		c->width = EXEC_WIDTH;
		c->height = EXEC_HEIGHT;
	}
	r = kg_xvfb_start(&c->xvfb, c->width, c->height);
	if (r < 0)
		return r;
	c->width = c->height = 0;	// the screen has it already
	snprintf(desktop, sizeof(desktop), "x11:%s", kg_xvfb_display(c->xvfb));
	return open_desktop(c, desktop);
}

static int start_program(struct command *c)
{
	pid_t pid;
	int r = kg_xvfb_run(c->xvfb, c->exec, &pid);

	return r < 0 ? r : kg_loop_child(c->loop, &c->child, pid, on_child, c);
}

static void on_signal(void *data, int signal)
{
	struct command *c = data;

	kg_recording_stop(c->recording);
}

/* ---- recording ---- */

static int prepare(struct command *c)
{
	int r = kg_loop_new(&c->loop);

	if (r == 0)
		r = c->exec ? open_program(c) : open_desktop(c, c->desktop);
	if (r < 0)
		return r;
	c->fd = KG_SYS(open(c->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
	if (c->fd < 0) {
		fprintf(stderr, "kagami-bench: cannot write %s: %s\n", c->file, strerror(-c->fd));
		return c->fd;
	}
	r = kg_recording_new(&c->recording, c->loop, c->bundle.source, c->fd, &c->options);
	if (r == 0)
		r = kg_loop_signal(c->loop, &c->interrupt, SIGINT, on_signal, c);
	if (r == 0)
		r = kg_loop_signal(c->loop, &c->terminate, SIGTERM, on_signal, c);
	if (r == 0)
		r = kg_recording_start(c->recording);
	if (r == 0 && c->exec)
		r = start_program(c);
	return r;
}

static int record(struct command *c)
{
	const char *why;
	uint32_t frames;
	double seconds;
	int r = prepare(c);

	if (r < 0)
		return r;
	r = kg_loop_run(c->loop);
	if (r < 0)
		return r;
	r = kg_recording_finish(c->recording, &frames, &seconds, &why);
	if (r < 0)
		fprintf(stderr, "kagami-bench: %s: %s (%s)\n", c->file, why, strerror(-r));
	else if (!c->options.quiet)
		fprintf(stderr, "kagami-bench: %s has %u pictures of %.1f s\n", c->file, frames, seconds);
	return r;
}

static void done(struct command *c)
{
	kg_recording_free(c->recording);
	kg_input_free(c->bundle.input);
	kg_source_free(c->bundle.source);
	kg_watch_free(c->child);
	kg_watch_free(c->interrupt);
	kg_watch_free(c->terminate);
	kg_loop_free(c->loop);
	kg_xvfb_stop(c->xvfb);
	kg_close(c->fd);
}

int kg_bench_record(int argc, char **argv)
{
	struct command command = { .fd = -1 };
	int status = parse(&command, argc, argv), r;

	if (status >= 0)
		return status;
	kg_log_init("kagami-bench", KG_LOG_WARN);
	r = record(&command);
	done(&command);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
