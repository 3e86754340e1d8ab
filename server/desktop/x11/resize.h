/* Another size for the screen, by RandR: a mode that exists, or one of ours that goes away again at the end. */
#pragma once

#include "server/desktop/x11/connection.h"

#include <xcb/randr.h>

#define KG_X11_MODES_MAX 16

/* Called after each run of kg_x11_resize_to(), whether or not the size changed. */
typedef void (*kg_x11_resized_fn)(void *data);

/*
 * A run, step by step with the server's answers:
 *	what modes are there -> which of them has the output -> (create one ->) set it -> done
 */
struct kg_x11_resize {
	struct kg_x11 *x;		// NULL before init
	kg_x11_resized_fn done;
	void *data;
	bool possible, running;
	uint32_t width, height;			// what the run is for
	uint32_t next_width, next_height;	// wanted after it; 0: nothing
	uint32_t max_width, max_height;
	xcb_timestamp_t configured;		// of the server's list of modes
	xcb_randr_mode_t fitting[KG_X11_MODES_MAX];	// modes of that size
	uint32_t fitting_count;

	/* As it was found, to be put back. */
	xcb_randr_output_t output;
	xcb_randr_crtc_t crtc;
	uint16_t rotation;
	xcb_randr_mode_t old_mode;
	uint32_t old_width, old_height;

	xcb_randr_mode_t set;			// by us last, 0: none
	uint32_t set_width, set_height;
	xcb_randr_mode_t ours[KG_X11_MODES_MAX];	// modes we made, or a process of ours before us left behind
	uint32_t ours_count;
};

/* Looks at the server's outputs (blocks: while opening). A server that cannot change its size is no error. */
void kg_x11_resize_init(struct kg_x11_resize *resize, struct kg_x11 *x, kg_x11_resized_fn done, void *data);
int kg_x11_resize_to(struct kg_x11_resize *resize, uint32_t width, uint32_t height);	// -ENOTSUP: it never can

/* Puts back what was found, unless somebody else changed it since. */
void kg_x11_resize_done(struct kg_x11_resize *resize);
