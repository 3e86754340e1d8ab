/*
 * The input sink of the kind x11: XTEST. Steps wait in a queue while the server owes an answer to many of them, since
 * a full socket would block the loop; motions that wait are joined.
 */
#pragma once

#include "input/sink_impl.h"
#include "server/desktop/source_impl.h"
#include "server/desktop/x11/keyboard.h"

#define KG_X11_STEPS_MAX 2048

enum kg_x11_step_kind { KG_X11_STEP_FAKE, KG_X11_STEP_BIND };

struct kg_x11_step {
	uint8_t kind;
	uint8_t type;			// FAKE: the core event
	uint8_t detail;			// key code, button, or 1 for a relative motion
	int16_t x, y;
	xcb_keysym_t keysym;		// BIND
};

struct kg_x11_input {
	struct kg_input_sink sink;
	struct kg_x11 *x;		// the source's, which lives longer
	struct kg_source *source;	// is told the locks
	struct kg_x11_keyboard keyboard;
	struct kg_x11_step steps[KG_X11_STEPS_MAX];	// a ring
	uint32_t first, count;
	uint32_t asked;			// steps that the answer on its way covers, 0: none is on its way
	uint32_t later;			// steps sent after it
	struct kg_watch *pause;		// until a key code may be bound anew
	uint8_t held[KG_X11_KEYCODES / 8];	// key codes, as of the last step queued
	int32_t wheel[2];		// units short of a notch: vertical, horizontal
	bool caps;			// the lock as it will be when all steps are done
	bool tapped;			// steps on their way change it
};

int kg_x11_input_new(struct kg_x11_input **ret, struct kg_x11 *x, struct kg_source *source);
