/*
 * The connection to an X server, without a call that waits after it was opened: requests are sent, their answers are
 * expected in order and come by callback. A server that leaves an answer out for KG_X11_DEADLINE_US is lost; while
 * nothing is expected nothing wakes the process.
 *
 * Handlers are called on the loop thread from the connection's own turn, never from within a call of another module.
 * A handler may free the whole connection (through the owner of its source) as the last thing it does.
 */
#pragma once

#include "base/base.h"

#include <xcb/xcb.h>

struct kg_loop;
struct kg_watch;
struct kg_x11_watchdog;

#define KG_X11_DEADLINE_US 3000000u
#define KG_X11_EXPECTED_MAX 128		// a capture has at most 33, everything else a handful
#define KG_X11_LISTENERS_MAX 4

/* reply is NULL when the server answered with an error; the connection frees it after the call. */
typedef void (*kg_x11_reply_fn)(void *data, void *reply, uint32_t tag);
typedef void (*kg_x11_event_fn)(void *data, xcb_generic_event_t *event);
typedef void (*kg_x11_lost_fn)(void *data, int error, const char *why);

struct kg_x11_expected {
	unsigned sequence;
	uint32_t tag;
	kg_x11_reply_fn fn;		// NULL: whoever wanted it has gone
	void *data;
};

struct kg_x11_listener {
	kg_x11_event_fn fn;
	void *data;
};

struct kg_x11 {
	struct kg_loop *loop;
	xcb_connection_t *c;
	xcb_screen_t *screen;		// the root and its format, as at the start
	uint32_t root_width, root_height;	// pixels, as the server said last (kept by screen.c)
	char display[16];		// ":5", for messages

	struct kg_x11_listener listeners[KG_X11_LISTENERS_MAX];
	struct kg_x11_expected expected[KG_X11_EXPECTED_MAX];	// a ring
	uint32_t first, count;
	kg_x11_lost_fn lost;
	void *lost_data;

	int error;			// not 0: lost
	bool told;			// and its owner knows
	char why[128];

	bool unsent;			// requests wait in libxcb's buffer
	bool settle;			// something is put back at the end: wait for the server to do it
	struct kg_x11_watchdog *watchdog;	// while it opens
	bool *gone;			// set by kg_x11_free() for the turn it was called from
	struct kg_watch *io, *soon, *deadline;
	unsigned deadline_for;		// the sequence that the deadline runs for, while armed
	bool deadline_armed, deadline_over;
};

/*
 * Opens display (":5", ":5.0", local only) and sees to it that the server has the extensions and the format of pixels
 * that this kind needs. It blocks, at most for KG_X11_DEADLINE_US in all: it is called before the loop runs. Logs why
 * it fails.
 */
int kg_x11_new(struct kg_x11 **ret, struct kg_loop *loop, const char *display);

/* Ends the opening: no call of libxcb that waits for an answer from here on. 0, or the negative errno of a connection
 * that was lost meanwhile. */
int kg_x11_opened(struct kg_x11 *x);

/* Waits up to 200 ms for the server to take what was put back, when something was. NULL is fine. */
void kg_x11_free(struct kg_x11 *x);

/* The answer to a request is awaited. tag is handed to fn. */
void kg_x11_expect(struct kg_x11 *x, unsigned sequence, kg_x11_reply_fn fn, void *data, uint32_t tag);

/* Requests were made: they leave when this turn of the loop ends. */
void kg_x11_send(struct kg_x11 *x);

int kg_x11_listen(struct kg_x11 *x, kg_x11_event_fn fn, void *data);
void kg_x11_forget(struct kg_x11 *x, void *data);	// answers and events for data: it goes away

/* The connection is of no use any more: tells lost soon (once it is set), and nothing else from then on. */
void kg_x11_fail(struct kg_x11 *x, int error, const char *format, ...) KG_PRINTF(3, 4);
void kg_x11_on_lost(struct kg_x11 *x, kg_x11_lost_fn fn, void *data);
