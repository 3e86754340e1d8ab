/* For test_qemu: a QEMU that is played by a thread, well or badly. */
#pragma once

#include "base/frame.h"
#include "base/limits.h"
#include "base/loop.h"
#include "input/sink.h"
#include "base/cursor.h"
#include "server/desktop/kind.h"
#include "server/desktop/qemu/bus.h"
#include "server/desktop/source.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <linux/input-event-codes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>

#define LISTENER "org.qemu.Display1.Listener"
#define LISTENER_MAP LISTENER ".Unix.Map"
#define CONSOLE "/org/qemu/Display1/Console_0"
#define X8R8G8B8 0x20020888u
#define X8B8G8R8 0x20030888u
#define WIDTH 64u
#define HEIGHT 48u

struct peer;
typedef void (*job_fn)(struct peer *peer);

struct peer {			// the QEMU that is played; its thread owns all but what is atomic
	pthread_t thread;
	int fd;			// QEMU's end of the display's connection, and a copy of it
	int wake;
	job_fn _Atomic job;
	atomic_bool stop, mute;		// mute: calls are not answered
	sd_bus *display, *listener;
	sd_bus_message *message;	// that was kept
	_Atomic bool has_map;	// the listener offers Unix.Map
	int file;		// of the scan-out
	int r;			// of the last call: 0, or what its error says
	char log[4096];		// calls that came, one a line
	_Atomic unsigned calls;
};

struct seen {			// what the desktop told
	struct kg_loop *loop;
	struct kg_desktop_bundle desktop;
	struct kg_frame *frame;
	unsigned frames, cursors, lost, locks;
	int lost_error;
	struct kg_cursor cursor;
	uint8_t cursor_pixels[16];
};

/* ---- QEMU's side ---- */

static inline uint64_t own_deadline(void)
{
	return 1000000;
}

/* Calls the listener and waits for its answer, as QEMU may. */
static inline void call(struct peer *peer, const char *interface, const char *member, const char *types, ...)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *message = NULL;
	va_list ap;

	peer->r = sd_bus_message_new_method_call(peer->listener, &message, NULL, "/org/qemu/Display1/Listener", interface,
						 member);
	va_start(ap, types);
	if (peer->r >= 0)
		peer->r = sd_bus_message_appendv(message, types, ap);
	va_end(ap);
	if (peer->r >= 0)
		peer->r = sd_bus_call(peer->listener, message, own_deadline(), &error, NULL);
	if (peer->r > 0)
		peer->r = 0;
	sd_bus_error_free(&error);
	sd_bus_message_unref(message);
}

static inline void call_pixels(struct peer *peer, const char *member, const char *types, const int32_t *numbers, size_t count,
			const void *pixels, size_t size)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *message = NULL;
	int r = sd_bus_message_new_method_call(peer->listener, &message, NULL, "/org/qemu/Display1/Listener", LISTENER,
					       member);

	for (size_t i = 0; i < count && r >= 0; i++)
		r = sd_bus_message_append_basic(message, types[i], &numbers[i]);
	if (r >= 0)
		r = sd_bus_message_append_array(message, 'y', pixels, size);
	if (r >= 0)
		r = sd_bus_call(peer->listener, message, own_deadline(), &error, NULL);
	peer->r = r > 0 ? 0 : r;
	sd_bus_error_free(&error);
	sd_bus_message_unref(message);
}

static inline void scanout(struct peer *peer, uint32_t width, uint32_t height, uint32_t stride, uint32_t format,
		    const void *pixels, size_t size)
{
	const int32_t numbers[] = { (int32_t)width, (int32_t)height, (int32_t)stride, (int32_t)format };

	call_pixels(peer, "Scanout", "uuuu", numbers, 4, pixels, size);
}

static inline void update(struct peer *peer, int32_t x, int32_t y, int32_t width, int32_t height, uint32_t stride,
		   const void *pixels, size_t size)
{
	const int32_t numbers[] = { x, y, width, height, (int32_t)stride, (int32_t)X8R8G8B8 };

	call_pixels(peer, "Update", "iiiiuu", numbers, 6, pixels, size);
}

/* The pixel that the tests expect at a place. */
static inline uint32_t pixel_at(uint32_t x, uint32_t y, uint32_t salt)
{
	return (x * 3 + y * 5 * 256 + (salt + x * y) * 65536) & 0xffffff;
}

static inline void new_file(struct peer *peer, uint32_t width, uint32_t height, uint32_t stride, uint32_t offset, uint32_t salt)
{
	size_t size = offset + (size_t)stride * height;
	uint8_t *at;

	kg_close(peer->file);
	peer->file = memfd_create("scanout", MFD_CLOEXEC);
	if (peer->file < 0 || ftruncate(peer->file, (off_t)size) < 0)
		abort();
	at = mmap(NULL, size, PROT_WRITE, MAP_SHARED, peer->file, 0);
	if (at == MAP_FAILED)
		abort();
	for (uint32_t y = 0; y < height; y++) {
		for (uint32_t x = 0; x < width; x++)
			memcpy(at + offset + (size_t)y * stride + x * 4, &(uint32_t){ pixel_at(x, y, salt) }, 4);
	}
	munmap(at, size);
}

static inline void job_first(struct peer *peer)
{
	new_file(peer, WIDTH, HEIGHT, WIDTH * 4 + 64, 4096, 0);
	call(peer, LISTENER_MAP, "ScanoutMap", "huuuuu", peer->file, 4096, WIDTH, HEIGHT, WIDTH * 4 + 64, X8R8G8B8);
	if (peer->r >= 0)
		call(peer, LISTENER_MAP, "UpdateMap", "iiii", 0, 0, WIDTH, HEIGHT);
}

/* As QEMU does: the answer first, then everything about the new connection while nothing else goes on. */
static inline int on_register(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct peer *peer = data;
	sd_bus_message *reply = NULL;
	sd_id128_t id = SD_ID128_NULL;
	int fd, r;

	r = sd_bus_message_read(message, "h", &fd);
	if (r < 0)
		return r;
	if (sd_bus_new(&peer->listener) < 0 || sd_bus_set_fd(peer->listener, dup(fd), dup(fd)) < 0 ||
	    sd_bus_set_server(peer->listener, 1, id) < 0 || sd_bus_negotiate_fds(peer->listener, 1) < 0 ||
	    sd_bus_start(peer->listener) < 0)
		abort();
	r = sd_bus_reply_method_return(message, NULL);
	if (r < 0)
		return r;
	r = sd_bus_call_method(peer->listener, NULL, "/org/qemu/Display1/Listener", "org.freedesktop.DBus.Properties",
			       "GetAll", NULL, &reply, "s", LISTENER);
	if (r >= 0) {
		const char *name;
		char **interfaces = NULL;

		r = sd_bus_message_enter_container(reply, 'a', "{sv}");
		if (r >= 0 && sd_bus_message_enter_container(reply, 'e', "sv") > 0 &&
		    sd_bus_message_read(reply, "s", &name) >= 0 && !strcmp(name, "Interfaces") &&
		    sd_bus_message_enter_container(reply, 'v', "as") > 0 &&
		    sd_bus_message_read_strv(reply, &interfaces) >= 0 && interfaces)
			peer->has_map = !strcmp(interfaces[0], LISTENER_MAP);
		for (char **at = interfaces; at && *at; at++)
			free(*at);
		free(interfaces);
	}
	sd_bus_message_unref(reply);
	job_first(peer);
	return 1;
}

static inline int on_any(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct peer *peer = data;
	const char *member = sd_bus_message_get_member(message), *types = sd_bus_message_get_signature(message, true);
	size_t used = strlen(peer->log);
	uint32_t number;

	if (!sd_bus_message_is_method_call(message, NULL, NULL))
		return 1;
	if (peer->mute) {
		if (!strcmp(member, "RegisterListener"))
			peer->message = sd_bus_message_ref(message);	// with the connection's other end
		return 1;
	}
	if (!strcmp(member, "RegisterListener"))
		return on_register(message, peer, error);
	if (!strcmp(member, "GetAll")) {
		const char *interface;

		if (sd_bus_message_read(message, "s", &interface) < 0)
			return -EINVAL;
		if (strstr(interface, "Keyboard"))
			return sd_bus_reply_method_return(message, "a{sv}", 1, "Modifiers", "u", 2);
		return sd_bus_reply_method_return(message, "a{sv}", 2, "MaxSlots", "i", 3, "IsAbsolute", "b", 1);
	}
	used += (size_t)snprintf(peer->log + used, sizeof(peer->log) - used, "%s", member);
	for (; *types && used < sizeof(peer->log); types++) {
		if (*types != 'q') {
			if (sd_bus_message_read_basic(message, *types, &number) < 0)
				return -EINVAL;
			used += (size_t)snprintf(peer->log + used, sizeof(peer->log) - used, " %d", (int)number);
		} else if (sd_bus_message_skip(message, "q") < 0) {
			return -EINVAL;
		}
	}
	if (used < sizeof(peer->log))
		snprintf(peer->log + used, sizeof(peer->log) - used, "\n");
	peer->calls++;
	return sd_bus_reply_method_return(message, NULL);
}

static inline void *peer_run(void *data)
{
	struct peer *peer = data;
	sd_id128_t id = SD_ID128_NULL;

	if (sd_bus_new(&peer->display) < 0 || sd_bus_set_fd(peer->display, peer->fd, peer->fd) < 0 ||
	    sd_bus_set_server(peer->display, 1, id) < 0 || sd_bus_negotiate_fds(peer->display, 1) < 0 ||
	    sd_bus_add_filter(peer->display, NULL, on_any, peer) < 0 || sd_bus_start(peer->display) < 0)
		abort();
	while (!peer->stop) {
		sd_bus *buses[2] = { peer->display, peer->listener };
		struct pollfd fds[3] = { { .fd = peer->wake, .events = POLLIN }, { .fd = -1 }, { .fd = -1 } };
		job_fn job = peer->job;

		if (job) {
			job(peer);
			peer->job = NULL;
		}
		for (int i = 0; i < 2; i++) {
			while (buses[i] && sd_bus_process(buses[i], NULL) > 0)
				;
			if (buses[i] && sd_bus_is_open(buses[i]) > 0) {
				fds[i + 1].fd = sd_bus_get_fd(buses[i]);
				fds[i + 1].events = (short)sd_bus_get_events(buses[i]);
			}
		}
		if (poll(fds, 3, 1000) > 0 && fds[0].revents)
			(void)!read(peer->wake, &(uint64_t){ 0 }, 8);
	}
	sd_bus_message_unref(peer->message);
	sd_bus_close_unref(peer->listener);
	sd_bus_close_unref(peer->display);
	return NULL;
}
