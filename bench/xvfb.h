/* An X server of our own without a screen (Xvfb), with one program that draws on it. */
#pragma once

#include "base/base.h"

#include <sys/types.h>

struct kg_xvfb;

/*
 * Starts Xvfb on a display that is free, with a screen of that size and a cookie of its own, and waits until it is ready.
 * XAUTHORITY of this process then names the cookie's file. On failure the reason is printed.
 */
int kg_xvfb_start(struct kg_xvfb **ret, uint32_t width, uint32_t height);
void kg_xvfb_stop(struct kg_xvfb *xvfb);		// ends the program and the server; NULL is fine

const char *kg_xvfb_display(const struct kg_xvfb *xvfb);	// ":7"

/*
 * Starts a command line of the shell with DISPLAY, which this process then has too. Once. The process may be waited for by
 * kg_loop_child(); then call kg_xvfb_ran().
 */
int kg_xvfb_run(struct kg_xvfb *xvfb, const char *command, pid_t *ret_pid);
void kg_xvfb_ran(struct kg_xvfb *xvfb);			// it has ended and was waited for
