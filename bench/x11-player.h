/* Plays a workload as a client of an X server: the same frames as the desktop kind replay, in another server's session.
 * */
#pragma once

#include "base/base.h"

struct kg_workload_kind;

struct kg_x11_player_options {
	const struct kg_workload_kind *kind;
	uint32_t seed;
	uint32_t fps;			// 0: the workload's own
	bool taken;			// the next frame as soon as the server has taken the last one
	bool once;			// then it stands still
};

/*
 * Shows it on $DISPLAY in a window over the whole screen, which takes the keyboard, until a signal ends the process.
 * Returns a negative errno when that cannot be or the display has gone; the reason was printed.
 */
int kg_x11_play(const struct kg_x11_player_options *options);
