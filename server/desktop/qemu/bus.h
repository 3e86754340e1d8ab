/*
 * A D-Bus connection to a QEMU, peer to peer, driven by the loop (sd-bus behind it). QEMU is the authentication server on
 * every connection, so this side is the client of all of them.
 */
#pragma once

#include "base/base.h"

#include <systemd/sd-bus.h>

struct kg_loop;
struct kg_watch;

/* A QEMU that has not answered a call for so long counts as lost. Its main loop can stop for seconds (a snapshot). */
#define KG_QEMU_DEADLINE_US 10000000

struct kg_qemu_bus {
	sd_bus *bus;			// NULL: closed
	struct kg_loop *loop;
	struct kg_watch *watch;
	struct kg_watch *timer;		// sd-bus's own deadlines, and the rest of what one turn left
	uint64_t timer_at;		// monotonic, microseconds; UINT64_MAX: off
	bool more;			// the last turn left something, which no poll may see
	void (*closed)(void *data, int error);
	void *data;
};

/*
 * Makes the connection but sends nothing yet: objects can be added to it before kg_qemu_bus_start(). Takes fd, also on
 * failure. closed is called when the connection ends by itself, from within sd-bus: only note it there, and use the bus no
 * more. kg_qemu_bus_done() must not be called from within a callback of this bus.
 */
int kg_qemu_bus_init(struct kg_qemu_bus *bus, struct kg_loop *loop, int fd, void (*closed)(void *data, int error),
		     void *data);
int kg_qemu_bus_start(struct kg_qemu_bus *bus);
void kg_qemu_bus_done(struct kg_qemu_bus *bus);

/* Calls a method of /org/qemu/Display1/Console_0. fn gets the answer, or an error message, within the deadline. */
int kg_qemu_bus_call(struct kg_qemu_bus *bus, sd_bus_message_handler_t fn, void *data, const char *interface,
		     const char *member, const char *types, ...);

/* Handles what is there now: for the time before the loop runs. The loop does it by itself. */
void kg_qemu_bus_turn(struct kg_qemu_bus *bus);
