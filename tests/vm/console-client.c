/*
 * A virtual machine's console opened as kagami-desktop opens it, in its sandbox, without a session: for tests that compare it
 * with what QEMU itself says. Takes the QMP socket as argument and commands on standard input, each answered by one line:
 *
 *	picture		its size in bytes, then a PPM		type TEXT	and Enter
 *	size		WIDTH HEIGHT of the desktop		key CODE	pressed and released
 *	resize W H	asks for it				locks		as the guest has them
 *
 * The picture is built from damage alone: what a frame does not call damaged is not taken from it.
 */
#include "base/frame.h"
#include "base/loop.h"
#include "input/sink.h"
#include "server/broker/qmp.h"
#include "base/cursor.h"
#include "server/desktop/kind.h"
#include "server/desktop/sandbox.h"
#include "server/desktop/source.h"

#include <linux/input-event-codes.h>
#include <stdarg.h>
#include <stdio.h>

struct client {
	struct kg_loop *loop;
	struct kg_desktop_bundle desktop;
	struct kg_watch *input;
	uint32_t width, height;
	uint8_t *pixels;	// R, G, B
	uint64_t frames;
	int fd;
	char line[1024];
	size_t size;
};

static void say(const char *format, ...) KG_PRINTF(1, 2);

static void say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

static void on_frame(void *data, struct kg_frame *frame)
{
	struct client *client = data;

	if (frame->width != client->width || frame->height != client->height) {
		free(client->pixels);
		client->pixels = calloc((size_t)frame->width * frame->height, 3);
		if (!client->pixels)
			abort();
		client->width = frame->width;
		client->height = frame->height;
	}
	for (uint32_t i = 0; i < frame->damage.count; i++) {
		struct kg_rect r = frame->damage.rects[i];

		if (r.left < 0 || r.top < 0 || r.right > (int32_t)frame->width || r.bottom > (int32_t)frame->height)
			abort();	// damage lies inside
		for (size_t y = (size_t)r.top; y < (size_t)r.bottom; y++) {
			for (size_t x = (size_t)r.left; x < (size_t)r.right; x++) {
				const uint8_t *from = frame->pixels + y * frame->stride + x * 4;
				uint8_t *to = client->pixels + (y * frame->width + x) * 3;

				to[0] = from[2];
				to[1] = from[1];
				to[2] = from[0];
			}
		}
	}
	client->frames++;
	kg_source_want(client->desktop.source);
}

static void on_cursor(void *data, const struct kg_cursor *cursor)
{
}

static void on_warp(void *data, int32_t x, int32_t y)
{
}

static void on_locks(void *data, unsigned locks)
{
}

static void on_lost(void *data, int error, const char *why)
{
	struct client *client = data;

	say("lost %s", why);
	kg_loop_quit(client->loop, 0);
}

static const struct kg_source_events events = {
	.frame = on_frame, .cursor = on_cursor, .warp = on_warp, .locks = on_locks, .lost = on_lost
};

/* What was shown so far. */
static void write_picture(const struct client *client)
{
	char head[64];
	int length = snprintf(head, sizeof(head), "P6\n%u %u\n255\n", client->width, client->height);
	size_t size = (size_t)client->width * client->height * 3;

	say("%zu", size + (size_t)length);
	fwrite(head, 1, (size_t)length, stdout);
	if (size)
		fwrite(client->pixels, 1, size, stdout);
	fflush(stdout);
}

static int type(struct client *client, const char *text)
{
	int r = 0;

	for (; *text && r >= 0; text++)
		r = kg_input_text(client->desktop.input, (unsigned char)*text);
	if (r >= 0)
		r = kg_input_key(client->desktop.input, KEY_ENTER, true);
	if (r >= 0)
		r = kg_input_key(client->desktop.input, KEY_ENTER, false);
	return r;
}

static void obey(struct client *client, char *line)
{
	uint32_t width, height;
	unsigned code;
	int r = -EINVAL;

	if (!strcmp(line, "size")) {
		kg_source_size(client->desktop.source, &width, &height);
		return say("%u %u", width, height);
	}
	if (!strcmp(line, "locks"))
		return say("%d", kg_input_locks(client->desktop.input));
	if (!strcmp(line, "picture"))
		return write_picture(client);
	if (!strncmp(line, "type ", 5))
		r = type(client, line + 5);
	else if (sscanf(line, "resize %u %u", &width, &height) == 2)
		r = kg_source_resize(client->desktop.source, width, height);
	else if (sscanf(line, "key %u", &code) == 1) {
		r = kg_input_key(client->desktop.input, (uint16_t)code, true);
		if (r >= 0)
			r = kg_input_key(client->desktop.input, (uint16_t)code, false);
	}
	say("%s", r < 0 ? strerror(-r) : "ok");
}

static void on_input(void *data, int fd, uint32_t happened)
{
	struct client *client = data;
	ssize_t n = read(fd, client->line + client->size, sizeof(client->line) - 1 - client->size);
	char *end;

	if (n <= 0)
		return kg_loop_quit(client->loop, 0);
	client->size += (size_t)n;
	client->line[client->size] = '\0';
	while ((end = strchr(client->line, '\n'))) {
		*end = '\0';
		obey(client, client->line);
		client->size -= (size_t)(end + 1 - client->line);
		memmove(client->line, end + 1, client->size + 1);
	}
}

static void on_qmp(void *data, int fd, const char *why)
{
	struct client *client = data;

	if (fd < 0)
		say("qmp %s: %s", strerror(-fd), why);
	client->fd = fd;
	kg_loop_quit(client->loop, 0);
}

static int connect_display(struct client *client, const char *path)
{
	struct kg_loop *loop;
	struct kg_qmp *qmp;
	int r = kg_loop_new(&loop);

	if (r < 0)
		return r;
	client->loop = loop;
	r = kg_qmp_open(&qmp, loop, path, on_qmp, client);
	if (r >= 0) {
		kg_loop_run(loop);
		kg_qmp_free(qmp);
		r = client->fd;
	}
	kg_loop_free(loop);
	return r;
}

int main(int argc, char **argv)
{
	struct client client = { .fd = -1 };
	int r = argc == 2 ? connect_display(&client, argv[1]) : -EINVAL;

	if (r >= 0)
		r = kg_loop_new(&client.loop);
	if (r < 0) {
		say("cannot connect: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	r = kg_desktop_kind_qemu.open(&client.desktop, &(struct kg_desktop_open){
							       .loop = client.loop, .where = argv[1], .fd = client.fd });
	/* Not REQUIRE: the test is about the list of system calls, which is tried wherever there is seccomp. */
	if (r >= 0)
		r = kg_desktop_lock(&kg_desktop_kind_qemu, KG_SANDBOX_BEST, (uid_t)-1, (gid_t)-1);
	if (r >= 0)
		r = kg_desktop_filter(&kg_desktop_kind_qemu, KG_SANDBOX_BEST);
	if (r >= 0)
		r = kg_source_start(client.desktop.source, &events, &client);
	if (r >= 0)
		r = kg_loop_fd(client.loop, &client.input, 0, EPOLLIN, on_input, &client);
	if (r < 0) {
		say("cannot open: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	kg_source_want(client.desktop.source);
	say("open");
	kg_loop_run(client.loop);
	kg_watch_free(client.input);
	kg_input_free(client.desktop.input);
	kg_source_free(client.desktop.source);
	kg_loop_free(client.loop);
	free(client.pixels);
	return EXIT_SUCCESS;
}
