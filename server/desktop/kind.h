/*
 * A kind of desktop: opens a bundle of source and input. A kind lives in a folder of its own beside still/, which is the one
 * to copy, and stands in the list in kinds.c.
 */
#pragma once

#include "base/base.h"

struct kg_input_sink;
struct kg_loop;
struct kg_rule;
struct kg_source;

/* What a desktop is opened with. */
struct kg_desktop_open {
	struct kg_loop *loop;
	const char *where;		// what stands behind "KIND:", "" when nothing does
	int fd;				// a connection that kagamid made for it, or -1. The kind takes it, also on failure
	uint32_t width, height;		// wanted, 0: the kind's own
};

/* What a kind opened. What it lacks is NULL. The opener frees input before source. */
struct kg_desktop_bundle {
	struct kg_source *source;	// always there
	struct kg_input_sink *input;
};

struct kg_desktop_kind {
	const char *name;		// in "--desktop NAME:WHERE"
	const char *help;		// one line for --help
	const char *check;		// NULL, or what WHERE must be, for messages: "a display, such as :0"; "" is then refused
	bool drivers;			// has drivers with threads and run-time code (GL): the looser sandbox
	int (*open)(struct kg_desktop_bundle *ret, const struct kg_desktop_open *how);
	const struct kg_rule *rules;	// system calls beyond server/desktop/sandbox.c's lists, or NULL
};

/* The kinds that were built in, ended by NULL, and one by its name (NULL: no such kind). */
extern const struct kg_desktop_kind *const kg_desktop_kinds[];
const struct kg_desktop_kind *kg_desktop_kind_find(const char *name);

/* Each in its folder; still, qemu and replay are always built, the others when configure found their libraries. */
extern const struct kg_desktop_kind kg_desktop_kind_still;
extern const struct kg_desktop_kind kg_desktop_kind_demo;
extern const struct kg_desktop_kind kg_desktop_kind_x11;
extern const struct kg_desktop_kind kg_desktop_kind_qemu;
extern const struct kg_desktop_kind kg_desktop_kind_replay;
