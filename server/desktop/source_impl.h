/* For those who implement a source. */
#pragma once

#include "server/desktop/source.h"

/* Every entry is called on the loop thread and must not block. */
struct kg_source_impl {
	const char *name;
	int (*start)(struct kg_source *source);				// must not call events before it returns
	void (*want)(struct kg_source *source);				// must not call events before it returns
	int (*resize)(struct kg_source *source, uint32_t width, uint32_t height);	// optional: -ENOTSUP
	void (*free)(struct kg_source *source);				// takes a half-made source too
};

struct kg_source {			// first member of every kind
	const struct kg_source_impl *impl;
	const struct kg_source_events *events;	// NULL before start
	void *data;
	uint32_t width, height;			// kept up to date by the kind
};
