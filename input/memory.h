/*
 * The trivial input sink: it remembers what came. For tests, and to copy for a new kind.
 * It toggles its locks as a desktop does, unless told that it knows none.
 */
#pragma once

#include "input/sink_impl.h"

#define KG_INPUT_MEMORY_EVENTS 256

struct kg_input_event {
	enum kg_input_event_type {
		KG_INPUT_KEY,
		KG_INPUT_TEXT,
		KG_INPUT_MOTION,
		KG_INPUT_MOTION_RELATIVE,
		KG_INPUT_BUTTON,
		KG_INPUT_WHEEL,
	} type;
	uint32_t code;		// evdev code, character, 1: horizontal
	int32_t x, y;		// position or distance; x: down, or units of the wheel
};

struct kg_input_memory {
	struct kg_input_sink sink;
	struct kg_input_event events[KG_INPUT_MEMORY_EVENTS];
	size_t count;		// of all that came; the oldest are overwritten
	int locks;		// bits of kg_lock, or a negative errno to be returned
	int error;		// returned by every call but locks; the event is remembered
};

/* A sink in the caller's memory; kg_input_free() is allowed and does nothing. */
void kg_input_memory_init(struct kg_input_memory *memory);

/* The i-th event that came, NULL when it did not or is gone. */
const struct kg_input_event *kg_input_memory_event(const struct kg_input_memory *memory, size_t i);
