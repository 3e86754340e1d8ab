/* What stands behind "replay:": NAME or FILE, and how it is played. Pure. */
#pragma once

#include "base/base.h"

#define KG_REPLAY_FPS_MAX 1000

struct kg_replay_options {
	char *what;			// a workload's name, or a file's where it has a '/' or a '.'
	uint32_t fps;			// 0: its own
	bool taken;			// as fast as the pictures are taken
	bool once;			// else again and again
	bool plain;			// without codes in the corner
	uint32_t seed;
	uint32_t first;			// frame to begin with
};

/* Reads where, which looks like "terrain,fps=60,once". -EINVAL, or -ENOMEM. */
int kg_replay_options_parse(struct kg_replay_options *ret, const char *where);
void kg_replay_options_done(struct kg_replay_options *options);

bool kg_replay_is_file(const struct kg_replay_options *options);
