/*
 * A GLES 3 context without a window, with one picture to draw into: the only user of EGL.
 * Every call happens on one thread; the context is that thread's current one from kg_egl_new() to kg_egl_free().
 * One at a time in a process: EGL displays are shared by all who open them.
 */
#pragma once

#include "base/base.h"

struct kg_egl;

/* Opens the first hardware device that works, else the software renderer. *why is one line on failure. */
int kg_egl_new(struct kg_egl **ret, const char **why);
void kg_egl_free(struct kg_egl *egl);			// NULL is fine

const char *kg_egl_renderer(const struct kg_egl *egl);	// what draws, for the log

/* Makes the picture this big, 1 to the driver's limit; what was in it is lost. */
int kg_egl_resize(struct kg_egl *egl, uint32_t width, uint32_t height);

/*
 * One picture: begin, draw, end; then ready until it says 1, then read. end does not wait: the driver draws with threads
 * or a processor of its own. Each returns a negative errno when the context is lost or the driver reports an error.
 */
int kg_egl_begin(struct kg_egl *egl);
int kg_egl_end(struct kg_egl *egl);
int kg_egl_ready(struct kg_egl *egl);			// 1: drawn, 0: not yet
int kg_egl_finish(struct kg_egl *egl);			// waits until drawn, at most a few seconds

/* Copies the picture out: B, G, R, X bytes, width * 4 a row. What is row 0 in GL comes first: scenes draw upside down. */
int kg_egl_read(struct kg_egl *egl, uint8_t *pixels);
