/* For those who implement an input sink. */
#pragma once

#include "input/sink.h"

/* Every entry is called on the loop thread, must not block, and returns 0 or a negative errno. NULL entries: -ENOTSUP. */
struct kg_input_sink_impl {
	const char *name;
	int (*key)(struct kg_input_sink *sink, uint16_t evdev, bool down);
	int (*text)(struct kg_input_sink *sink, uint32_t codepoint);
	int (*motion)(struct kg_input_sink *sink, int32_t x, int32_t y);
	int (*motion_relative)(struct kg_input_sink *sink, int32_t dx, int32_t dy);
	int (*button)(struct kg_input_sink *sink, uint16_t evdev, bool down);
	int (*wheel)(struct kg_input_sink *sink, bool horizontal, int32_t units);
	int (*locks)(struct kg_input_sink *sink);
	void (*free)(struct kg_input_sink *sink);	// takes a half-made sink too
};

struct kg_input_sink {		// first member of every kind
	const struct kg_input_sink_impl *impl;
};
