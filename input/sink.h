/*
 * Where input goes: a desktop's keyboard and pointer. All calls happen on the loop thread and must not block.
 * Positions are pixels of the desktop as last shown and are clamped by the sink.
 */
#pragma once

#include "base/base.h"

struct kg_input_sink;

enum kg_lock {		// as [MS-RDPBCGR] 2.2.8.1.1.3.1.1.5 has them on the wire
	KG_LOCK_SCROLL = 1,
	KG_LOCK_NUM = 2,
	KG_LOCK_CAPS = 4,
	KG_LOCK_KANA = 8,
};

/* Each returns 0 or a negative errno; an error means that the desktop is gone or cannot do it (-ENOTSUP). */
int kg_input_key(struct kg_input_sink *sink, uint16_t evdev, bool down);	// a Linux KEY_ code
int kg_input_text(struct kg_input_sink *sink, uint32_t codepoint);		// types one character, no control character
int kg_input_motion(struct kg_input_sink *sink, int32_t x, int32_t y);
int kg_input_motion_relative(struct kg_input_sink *sink, int32_t dx, int32_t dy);
int kg_input_button(struct kg_input_sink *sink, uint16_t evdev, bool down);	// BTN_LEFT to BTN_EXTRA
int kg_input_wheel(struct kg_input_sink *sink, bool horizontal, int32_t units);	// 120 is a notch; right and away are positive

/* The desktop's locks (bits of kg_lock), or -ENOTSUP when it does not say. */
int kg_input_locks(struct kg_input_sink *sink);

void kg_input_free(struct kg_input_sink *sink);		// NULL is fine
