/*
 * The desktops: one process each, started when somebody needs it or with kagamid, watched by a heartbeat, replaced when it dies.
 *
 *	         wanted, or always              READY
 *	idle ────────────────────► starting ────────────► running
 *	 ▲                            │                      │
 *	 │ nobody wants it            │ LOST, died, or       │ LOST, died, or
 *	 │                            ▼ 15 s without READY   ▼ no heartbeat
 *	 └──────────────────────── waiting ◄─────────────────┘
 *	                              └── after a pause that grows with each failure: starting
 *
 * The first death of a desktop that ran is replaced without a pause. The VM or X server behind it notices nothing.
 */
#pragma once

#include "base/id.h"

struct kg_config;
struct kg_desktop;
struct kg_desktop_want;
struct kg_desktops;
struct kg_loop;
struct kg_spawner;

struct kg_desktops_events {
	/* What the desktop shows is gone (LOST): its sessions are to be told. Not called when only the process died. */
	void (*lost)(void *data, struct kg_desktop *desktop);
};

int kg_desktops_new(struct kg_desktops **ret, struct kg_loop *loop, const struct kg_config *config,
		    struct kg_spawner *spawner);
void kg_desktops_free(struct kg_desktops *desktops);
void kg_desktops_listen(struct kg_desktops *desktops, const struct kg_desktops_events *events, void *data);

/* Starts those that always run. */
void kg_desktops_start(struct kg_desktops *desktops);

/* kagamid ends: tells them so, starts none any more. */
void kg_desktops_end(struct kg_desktops *desktops);

struct kg_desktop *kg_desktops_find(struct kg_desktops *desktops, const char *name);
struct kg_desktop *kg_desktops_next(struct kg_desktops *desktops, struct kg_desktop *desktop);	// NULL: the first

/*
 * A view of the desktop is wanted for a session. Called once, never before kg_desktop_want_new() returns: with the session's
 * end of a view channel, which stays the caller's, or with a negative errno. The want is freed after it.
 */
typedef void (*kg_desktop_view_fn)(void *data, int fd, const struct kg_id *desktop, int error);

int kg_desktop_want_new(struct kg_desktop_want **ret, struct kg_desktop *desktop, const struct kg_id *session,
			kg_desktop_view_fn fn, void *data);
void kg_desktop_want_free(struct kg_desktop_want *want);	// NULL is fine; fn is not called any more

/* For status. */
const char *kg_desktop_name(const struct kg_desktop *desktop);
const char *kg_desktop_kind(const struct kg_desktop *desktop);
const char *kg_desktop_state(const struct kg_desktop *desktop);
int kg_desktop_pid(const struct kg_desktop *desktop);		// 0 when there is no process
int kg_desktop_layers(const struct kg_desktop *desktop);
uint64_t kg_desktop_starts(const struct kg_desktop *desktop);	// grows with each process
