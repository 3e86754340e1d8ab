/* What a replay shows: a workload or a recording, drawn by number into pixels that the film has. */
#pragma once

#include "base/region.h"

struct kg_cursor;
struct kg_film;
struct kg_replay_options;

/* Opens the file, or finds the workload; *ret_why is one line for the log when that fails. */
int kg_film_new(struct kg_film **ret, const struct kg_replay_options *options, const char **ret_why);
void kg_film_free(struct kg_film *film);	// NULL is fine

/* A recording's own size; false: any. */
bool kg_film_own_size(const struct kg_film *film, uint32_t *ret_width, uint32_t *ret_height);

uint32_t kg_film_fps(const struct kg_film *film);	// at its natural speed; 0: by kg_film_times_us()
uint32_t kg_film_frames(const struct kg_film *film);	// of a pass
const uint64_t *kg_film_times_us(const struct kg_film *film);	// of a recording: when its frames are due, from its begin
uint64_t kg_film_pass_us(const struct kg_film *film);		// and how long a pass takes

/*
 * From here on it draws there, and the first frame is drawn whole. The pixels stay the caller's. When it fails, it goes on
 * with those it has.
 */
int kg_film_set_pixels(struct kg_film *film, uint8_t *pixels, uint32_t width, uint32_t height, size_t stride);

/*
 * Makes the pixels frame `number`, as kg_workload_draw() does. A negative errno: the recording cannot be read; *ret_why says
 * why, and the film cannot go on.
 */
int kg_film_draw(struct kg_film *film, uint32_t number, struct kg_region *ret_damage, const char **ret_why);

/* The pointer's shape where the last draw brought another, else false. Its pixels are valid until the next draw. */
bool kg_film_cursor(struct kg_film *film, struct kg_cursor *ret);
