/* Reaching an X server: the socket, the cookie, and a limit on how long the blocking part may take. */
#pragma once

#include "base/base.h"

#include <xcb/xcb.h>

/* A helper thread that shuts the socket down when its time is over, so that libxcb, which waits for ever, returns.
 * It is gone again before the sandbox closes. */
struct kg_x11_watchdog;

/* Shuts the socket behind fd down in_ms from now. fd stays the caller's. */
int kg_x11_watchdog_new(struct kg_x11_watchdog **ret, int fd, int in_ms);

/* Ends it: true when it had to shut the socket down. NULL is fine: false. */
bool kg_x11_watchdog_free(struct kg_x11_watchdog *watchdog);

/* The number in ":5" or ":5.0" and the screen; -EINVAL when it is not a display of this machine. */
int kg_x11_display_parse(const char *display, unsigned *ret_number, int *ret_screen);

/* A connected socket, or a negative errno. Never blocks: -EAGAIN when the server's queue is full. */
int kg_x11_socket(unsigned number);

/* The protocol's greeting on that socket, with the cookie of XAUTHORITY. Takes fd. */
xcb_connection_t *kg_x11_greet(int fd, unsigned number);
