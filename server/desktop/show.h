/*
 * A running desktop: a source that was opened, its input, and the views that show it. All calls and events happen on the
 * loop thread.
 */
#pragma once

#include "base/base.h"
#include "server/control/reasons.h"

struct kg_desktop_bundle;
struct kg_id;
struct kg_loop;
struct kg_pool;
struct kg_show;

struct kg_show_events {
	/* The desktop is gone. The views have been told. why is one line for the log. */
	void (*lost)(void *data, int error, const char *why);
};

/* Takes what bundle holds, also on failure. pool and loop stay the caller's. */
int kg_show_new(struct kg_show **ret, struct kg_loop *loop, struct kg_pool *pool, const struct kg_desktop_bundle *bundle);
void kg_show_free(struct kg_show *show);	// NULL is fine

/* From here on views may be added, and events come. Says the desktop's size. */
int kg_show_start(struct kg_show *show, const struct kg_show_events *events, void *data, uint32_t *ret_width,
		  uint32_t *ret_height);

/* One more view, at this end of a channel; fd is taken, also on failure. -EBUSY: there are KG_VIEWS_MAX. */
int kg_show_add_view(struct kg_show *show, int fd, const struct kg_id *session);
uint32_t kg_show_views(const struct kg_show *show);

/* Tells every view why it ends. */
void kg_show_end(struct kg_show *show, enum kg_end_reason reason, const char *text);
