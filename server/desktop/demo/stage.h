/*
 * All that draws: the context, both scenes and the overlay. A picture is begun, then ready, then read; see egl.h.
 * On failure *why is one line for the user.
 */
#pragma once

#include "server/desktop/demo/controls.h"

struct kg_overlay;
struct kg_stage;

/* Opens drivers, compiles all shaders and draws each scene once: afterwards no file is opened and no thread started. */
int kg_stage_new(struct kg_stage **ret, uint32_t width, uint32_t height, const char **why);
void kg_stage_free(struct kg_stage *stage);		// NULL is fine

/* overlay NULL: none. now_us is for the overlay only. */
int kg_stage_begin(struct kg_stage *stage, const struct kg_controls *controls, uint64_t frame, uint32_t width,
		   uint32_t height, const struct kg_overlay *overlay, uint64_t now_us, const char **why);
int kg_stage_ready(struct kg_stage *stage, const char **why);			// 1, or 0: not yet
int kg_stage_read(struct kg_stage *stage, uint8_t *pixels, const char **why);	// B, G, R, X, top row first
