/*
 * What the viewer made of the demo: which scene, where to look, whether it plays. Time is an argument. Pure.
 * Calls that take input return true when the picture changes by it.
 */
#pragma once

#include "server/desktop/demo/camera.h"

#define KG_DEMO_FRAMES_PER_SECOND 60

enum kg_demo_scene { KG_DEMO_TERRAIN, KG_DEMO_TEXT };

struct kg_controls {
	enum kg_demo_scene scene;
	struct kg_look look;			// terrain
	int32_t scroll_px;			// text: by the wheel
	int32_t window_x, window_y;		// text: where the window was dragged, pixels
	bool playing;
	uint64_t frame;				// at since_us, or for ever while it does not play
	uint64_t since_us;
	bool dragging;
	int32_t x, y;				// pointer
	uint32_t width, height;			// of the picture
};

/*
 * where is "" or "terrain" or "text", with ",frame=N" (stands still at N) and ",fps=N" (1 to 60, at most so many). Returns
 * 0, or -EINVAL and nothing changed. *fps is 60 when not given.
 */
int kg_controls_parse(struct kg_controls *controls, const char *where, uint32_t *fps, uint64_t now_us);

uint64_t kg_controls_frame(const struct kg_controls *controls, uint64_t now_us);
uint64_t kg_controls_next_us(const struct kg_controls *controls, uint64_t now_us);	// when the frame after it begins

bool kg_controls_key(struct kg_controls *controls, uint16_t evdev, bool down, uint64_t now_us);
bool kg_controls_text(struct kg_controls *controls, uint32_t codepoint, uint64_t now_us);
bool kg_controls_button(struct kg_controls *controls, uint16_t evdev, bool down);
bool kg_controls_motion(struct kg_controls *controls, int32_t x, int32_t y);
bool kg_controls_wheel(struct kg_controls *controls, bool horizontal, int32_t units);
