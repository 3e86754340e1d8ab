/* What a replay shows: a workload or a recording, drawn by number into pixels that it is given. */
#pragma once

#include "base/region.h"

struct kg_cursor;
struct kg_film;
struct kg_replay_options;

struct kg_film_impl {
	/* Draws there from now on, the first frame whole. When it fails, it goes on with what it had. */
	int (*set_pixels)(struct kg_film *film, uint8_t *pixels, uint32_t width, uint32_t height, size_t stride);
	/* As kg_workload_draw(). A negative errno: the film cannot go on; *ret_why says why. */
	int (*draw)(struct kg_film *film, uint32_t number, struct kg_region *ret_damage, const char **ret_why);
	/* The pointer's shape where the last draw brought another, else false. Its pixels are valid until the next draw. */
	bool (*cursor)(struct kg_film *film, struct kg_cursor *ret);
	void (*free)(struct kg_film *film);	// takes a half-made one too
};

struct kg_film {			// first member of both kinds, which fill it
	const struct kg_film_impl *impl;
	uint32_t width, height;		// 0: of any size
	uint32_t frames;		// of a pass
	uint32_t fps;			// at its natural speed; 0: by the times
	const uint64_t *times_us;	// when each frame of a pass is due, from its begin
	uint64_t pass_us;		// with times: how long a pass takes
};

/* Opens the file, or finds the workload; when that fails, *ret_why is one line for the log. */
int kg_film_new(struct kg_film **ret, const struct kg_replay_options *options, const char **ret_why);
void kg_film_free(struct kg_film *film);	// NULL is fine

/* The kinds. */
int kg_film_workload(struct kg_film **ret, const struct kg_replay_options *options, const char **ret_why);
int kg_film_recording(struct kg_film **ret, const struct kg_replay_options *options, const char **ret_why);
