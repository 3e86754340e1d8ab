/*
 * Workloads: what desktops show while people work, drawn by number. Frame N of a workload is the same bytes for a seed and
 * a size on every machine and with every compiler, however it is come to: whoever knows the number has the original.
 * No file, no clock, no global state.
 */
#pragma once

#include "base/region.h"

struct kg_cursor;
struct kg_workload;
struct kg_workload_impl;

struct kg_workload_kind {
	const char *name;
	const char *what;		// one line for --help
	uint32_t fps;			// frames a second at its natural speed
	uint32_t frames;		// of one pass at that speed; a player of "once" ends there. The numbers go on without end
	const struct kg_workload_impl *impl;
};

/* All there are, ended by NULL, and one by its name (NULL: no such workload). */
extern const struct kg_workload_kind *const kg_workload_kinds[];
const struct kg_workload_kind *kg_workload_find(const char *name);

#define KG_WORKLOAD_SEED 1		// where nobody asks for another
#define KG_WORKLOAD_SIDE_MAX 8192	// pixels

/* The pointer's shape at a frame. */
enum kg_workload_cursor { KG_WORKLOAD_ARROW, KG_WORKLOAD_BEAM, KG_WORKLOAD_HAND, KG_WORKLOAD_CURSORS };

/*
 * Draws into pixels of the caller: width x height as B, G, R, 0xff bytes, in rows that are stride bytes apart. They stay
 * the caller's, live as long as the workload, and are as the last draw left them whenever the next one begins. Returns 0,
 * -ENOMEM, or -EINVAL for a side of 0 or above KG_WORKLOAD_SIDE_MAX.
 */
int kg_workload_new(struct kg_workload **ret, const struct kg_workload_kind *kind, uint8_t *pixels, uint32_t width,
		    uint32_t height, size_t stride, uint32_t seed);
void kg_workload_free(struct kg_workload *workload);	// NULL is fine

/*
 * Makes the pixels frame number `number`. What changed since the last draw of this object is in *ret_damage, never less and
 * seldom more: all of it the first time, nothing where the frames are equal. Cheap where the number is one that follows soon.
 */
void kg_workload_draw(struct kg_workload *workload, uint32_t number, struct kg_region *ret_damage);

enum kg_workload_cursor kg_workload_cursor(const struct kg_workload *workload);	// of the last frame drawn

/* Its shape; pixels is where its pixels go. */
#define KG_WORKLOAD_CURSOR_PIXELS (24 * 24)
void kg_workload_cursor_shape(enum kg_workload_cursor which, uint32_t pixels[KG_WORKLOAD_CURSOR_PIXELS], struct kg_cursor *ret);
