/*
 * kagami-desktop: one running desktop. kagamid starts it with a control channel as descriptor 3 and tells it what to open;
 * then it locks itself and shows the desktop to the sessions whose channels it is given.
 */
#define KG_TOPIC "desktop"
#include "base/base.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/pool.h"
#include "input/sink.h"
#include "server/control/channel.h"
#include "server/control/host-messages.h"
#include "server/control/reasons.h"
#include "server/desktop/kind.h"
#include "server/desktop/sandbox.h"
#include "server/desktop/setup.h"
#include "server/desktop/show.h"
#include "server/desktop/source.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

struct desktop {
	struct kg_loop *loop;
	struct kg_watch *term;
	struct kg_channel *channel;	// kagamid
	struct kg_pool *pool;
	struct kg_show *show;
	const struct kg_desktop_kind *kind;
	struct kg_setup setup;
	int source_fd;			// that kagamid made, until the kind takes it
};

/* The last message: why there is no desktop (any more). */
static void tell_lost(struct desktop *desktop, int error, const char *why)
{
	struct kg_host_lost lost = { .error = error };

	(void)kg_channel_send_tail(desktop->channel, KG_HOST_LOST, &lost, sizeof(lost), why,
				   KG_MIN(strlen(why), (size_t)KG_HOST_TEXT_MAX));
}

/* ---- before the loop ---- */

/* Nothing is inherited but the control channel and standard error. */
static int clean_descriptors(void)
{
	int null = KG_SYS(open("/dev/null", O_RDWR | O_CLOEXEC));
	int type;
	socklen_t size = sizeof(type);

	if (null < 0)
		return kg_err(null, "cannot open /dev/null");
	if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return kg_err(-errno, "cannot close standard input and output");
	if (getsockopt(KG_HOST_CONTROL_FD, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_SEQPACKET)
		return kg_err(-EINVAL, "is started by kagamid, with a channel as descriptor %d", KG_HOST_CONTROL_FD);
	if (null != KG_HOST_CONTROL_FD)
		kg_close(null);
	if (close_range(KG_HOST_CONTROL_FD + 1, ~0u, 0) < 0)
		return kg_err(-errno, "cannot close what was inherited");
	return KG_SYS(fcntl(KG_HOST_CONTROL_FD, F_SETFD, FD_CLOEXEC));
}

static int read_setup(struct desktop *desktop, const uint8_t *message, size_t size)
{
	const struct kg_setup *setup = &desktop->setup;
	int r = kg_setup_read(&desktop->setup, message, size);

	if (r < 0)
		return kg_err(r, "kagamid sent SETUP with wrong values");
	kg_log_init("kagami-desktop", (enum kg_log_level)setup->fixed.log_level);
	desktop->kind = kg_desktop_kind_find(setup->kind);
	if (!desktop->kind) {
		(void)kg_err(-ENOENT, "no kind of desktop \"%s\" was built in", setup->kind);
		return -ENOENT;
	}
	if (desktop->kind->check && !*setup->where)
		return kg_err(-EINVAL, "%s: needs %s", setup->kind, desktop->kind->check);
	return 0;
}

/* Waits for SETUP, with SOURCE before it or not. 1: kagamid wants nothing any more. */
static int wait_setup(struct desktop *desktop)
{
	uint8_t message[sizeof(struct kg_host_setup) + KG_HOST_WHERE_MAX];

	for (;;) {
		size_t size = sizeof(message);
		int fd = -1;
		int r = kg_channel_wait(desktop->channel, message, &size, &fd, -1);

		switch (r) {
		case KG_HOST_SOURCE:
			kg_close(desktop->source_fd);
			desktop->source_fd = fd;
			break;
		case KG_HOST_SETUP:
			return read_setup(desktop, message, size);
		case KG_HOST_END:
			return 1;
		default:
			kg_close(fd);
			return r == -EPIPE ? 1 : kg_err(r < 0 ? r : -EPROTO, "no SETUP from kagamid");
		}
	}
}

/* Opens the source, then locks (or first, see below), then starts the threads: each step leaves less that a later one could
 * misuse. */
static int open_and_lock(struct desktop *desktop, int *ret_layers)
{
	const struct kg_host_setup *setup = &desktop->setup.fixed;
	enum kg_sandbox_mode mode = (enum kg_sandbox_mode)setup->sandbox;
	const struct kg_desktop_open how = {
		.loop = desktop->loop,
		.where = desktop->setup.where,
		.fd = desktop->source_fd,
		.width = setup->width,
		.height = setup->height,
	};
	struct kg_desktop_bundle bundle = { 0 };
	bool given = how.fd >= 0;
	int layers = 0, r;

	/* A driver's cache of compiled shaders is a file that other processes of this user could write. */
	setenv("MESA_SHADER_CACHE_DISABLE", "1", 1);
	desktop->source_fd = -1;
	/* Who was given a connection needs no file and no root to open it: the first bytes of a virtual machine find the lock. */
	if (given) {
		r = layers = kg_desktop_lock(desktop->kind, mode, setup->uid, setup->gid);
		if (r < 0) {
			kg_close(how.fd);
			return r;
		}
	}
	r = desktop->kind->open(&bundle, &how);
	if (r < 0)
		return kg_err(r, "cannot open %s:%s", desktop->kind->name, desktop->setup.where);
	if (!given)
		r = layers = kg_desktop_lock(desktop->kind, mode, setup->uid, setup->gid);
	if (r < 0)
		goto fail;
	r = kg_pool_new(&desktop->pool, desktop->loop, setup->threads);
	if (r < 0) {
		(void)kg_err(r, "cannot start threads");
		goto fail;
	}
	r = kg_desktop_filter(desktop->kind, mode);
	if (r < 0)
		goto fail;
	*ret_layers = layers | r;
	return kg_show_new(&desktop->show, desktop->loop, desktop->pool, &bundle);

fail:
	kg_input_free(bundle.input);
	kg_source_free(bundle.source);
	return r;
}

/* ---- in the loop ---- */

static void end(struct desktop *desktop, enum kg_end_reason reason)
{
	kg_show_end(desktop->show, reason, kg_end_reason_text(reason));
	kg_loop_quit(desktop->loop, EXIT_SUCCESS);
}

static void on_lost(void *data, int error, const char *why)
{
	struct desktop *desktop = data;

	(void)kg_err(error, "%s", why);
	tell_lost(desktop, error, why);
	kg_loop_quit(desktop->loop, EXIT_FAILURE);
}

static int on_view(struct desktop *desktop, struct kg_message *message)
{
	struct kg_host_view view;
	int fd = message->fd;
	int r;

	memcpy(&view, message->body, sizeof(view));
	message->fd = -1;
	r = kg_show_add_view(desktop->show, fd, &view.session);
	if (r < 0)
		(void)kg_warn(r, "cannot show the desktop to another session");
	return 0;
}

static int on_message(void *data, struct kg_message *message)
{
	struct desktop *desktop = data;
	struct kg_host_end host_end;

	switch (message->id) {
	case KG_HOST_VIEW:
		return on_view(desktop, message);
	case KG_HOST_PING:
		(void)kg_channel_send(desktop->channel, KG_HOST_PONG, message->body, message->size);
		return 0;
	case KG_HOST_END:
		memcpy(&host_end, message->body, sizeof(host_end));
		if (host_end.reason >= KG_END_REASONS)
			return -EPROTO;
		end(desktop, (enum kg_end_reason)host_end.reason);
		return 0;
	}
	return -EPROTO;
}

/* kagamid is gone, whatever the reason: nobody can reach this desktop any more. */
static void on_ended(void *data, int error)
{
	struct desktop *desktop = data;

	if (error)
		(void)kg_err(error, "the channel of kagamid");
	end(desktop, KG_END_SHUTDOWN);
}

static const struct kg_channel_events channel_events = { .message = on_message, .ended = on_ended };
static const struct kg_show_events show_events = { .lost = on_lost };

static void on_term(void *data, int signal)
{
	end(data, KG_END_SHUTDOWN);
}

static int start(struct desktop *desktop, int layers)
{
	struct kg_host_ready ready = { .layers = (uint32_t)layers };
	uint32_t width, height;
	char text[64];
	int r;

	r = kg_channel_attach(desktop->channel, desktop->loop, &channel_events, desktop);
	if (r < 0)
		return kg_err(r, "cannot watch the channel of kagamid");
	kg_channel_set_phase(desktop->channel, KG_HOST_RUN);
	r = kg_show_start(desktop->show, &show_events, desktop, &width, &height);
	if (r < 0)
		return kg_err(r, "cannot start %s:%s", desktop->kind->name, desktop->setup.where);
	ready.width = (uint16_t)width;
	ready.height = (uint16_t)height;
	kg_info("%s:%s has %u x %u pixels, locked by: %s", desktop->kind->name, desktop->setup.where, width, height,
		layers ? kg_sandbox_layers_text(layers, text) : "nothing");
	return kg_channel_send(desktop->channel, KG_HOST_READY, &ready, sizeof(ready));
}

static int run(struct desktop *desktop)
{
	int layers, r;

	r = kg_loop_new(&desktop->loop);
	if (r < 0)
		return kg_err(r, "cannot make a loop");
	r = kg_loop_signal(desktop->loop, &desktop->term, SIGTERM, on_term, desktop);
	if (r < 0)
		return kg_err(r, "cannot watch for SIGTERM");
	r = kg_channel_new(&desktop->channel, &kg_host_messages, KG_SIDE_B, KG_HOST_CONTROL_FD, "kagamid", 0);
	if (r < 0)
		return kg_err(r, "cannot use the channel of kagamid");
	kg_channel_set_phase(desktop->channel, KG_HOST_START);
	r = wait_setup(desktop);
	if (r > 0)
		return 0;
	if (r == 0)
		r = open_and_lock(desktop, &layers);
	if (r == 0)
		r = start(desktop, layers);
	if (r < 0) {
		char why[KG_HOST_TEXT_MAX];

		snprintf(why, sizeof(why), "cannot open %s:%.120s: %s", desktop->kind ? desktop->kind->name : "the desktop",
			 desktop->setup.where, strerror(-r));
		tell_lost(desktop, r, why);
		return r;
	}
	return kg_loop_run(desktop->loop);
}

static void done(struct desktop *desktop)
{
	kg_show_free(desktop->show);
	kg_pool_free(desktop->pool);
	kg_channel_free(desktop->channel);
	kg_close(desktop->source_fd);
	kg_watch_free(desktop->term);
	kg_loop_free(desktop->loop);
}

static void help(void)
{
	printf("kagami-desktop runs one desktop. kagamid starts it: see kagamid(8).\n\nKinds of desktops:\n");
	for (size_t i = 0; kg_desktop_kinds[i]; i++)
		printf("  %-8s %s\n", kg_desktop_kinds[i]->name, kg_desktop_kinds[i]->help);
}

int main(int argc, char **argv)
{
	struct desktop desktop = { .source_fd = -1 };
	int r;

	if (argc > 1) {
		bool asked = argc == 2 && !strcmp(argv[1], "--help");

		help();
		return asked ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	kg_log_init("kagami-desktop", KG_LOG_INFO);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);	// on a terminal it reaches us too: kagamid ends us, in its order
	r = clean_descriptors();
	if (r < 0)
		return EXIT_FAILURE;
	r = run(&desktop);
	done(&desktop);
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
