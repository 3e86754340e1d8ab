/*
 * Scene 2: a page of text that scrolls by whole pixels, and a window that moves over it: what office work looks like to an
 * encoder. A GLES 3 context must be current; the same picture whenever frame, offsets and size are.
 */
#pragma once

#include "base/base.h"

struct kg_text;

/* Puts the picture into text, which the caller draws. Offsets in pixels are what the viewer added to the page's own way. */
void kg_page_compose(struct kg_text *text, uint64_t frame, int32_t scroll, int32_t window_x, int32_t window_y,
		     uint32_t width, uint32_t height);
