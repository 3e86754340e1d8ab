/* The line at the top left: frames a second, frame number, clock, keys. */
#pragma once

#include "base/base.h"

#define KG_OVERLAY_TIMES 64

struct kg_text;

struct kg_overlay {
	uint64_t shown_us[KG_OVERLAY_TIMES];	// when the last frames were given, a ring
	uint64_t count;
};

void kg_overlay_shown(struct kg_overlay *overlay, uint64_t now_us);	// a frame was given
void kg_overlay_compose(const struct kg_overlay *overlay, struct kg_text *text, uint64_t frame, bool playing,
			uint64_t now_us);
