/* For those who make workloads. */
#pragma once

#include "bench/workload/canvas.h"
#include "bench/workload/workload.h"

struct kg_workload_impl {
	size_t size;						// of the struct that begins with struct kg_workload, zeroed
	int (*init)(struct kg_workload *workload);		// optional. 0 or -ENOMEM; then done is called
	/*
	 * Makes the canvas frame number `number`, which is not the one that is there: workload->number if workload->drawn, else
	 * none. Adds to workload->damage what it changes.
	 */
	void (*draw)(struct kg_workload *workload, uint32_t number);
	void (*done)(struct kg_workload *workload);		// optional; takes a half-made one too
};

struct kg_workload {			// first member of every workload
	const struct kg_workload_kind *kind;
	struct kg_canvas canvas;
	uint32_t seed;
	uint32_t number;		// the frame that the canvas shows, if drawn
	bool drawn;
	enum kg_workload_cursor cursor;
	struct kg_region damage;
};

/* Everything changed. */
static inline void kg_workload_damage_all(struct kg_workload *workload)
{
	kg_region_add(&workload->damage, (struct kg_rect){ 0, 0, workload->canvas.width, workload->canvas.height });
}

/*
 * A workload can be made of others: a part has a rectangle of the canvas, and a number of its own. What is drawn over a part is
 * told by kg_workload_cover(): it is then drawn whole the next time. A part outside of the canvas is NULL, which all calls take.
 */
int kg_workload_part(const struct kg_workload *whole, struct kg_workload **ret, const struct kg_workload_kind *kind, uint32_t x,
		     uint32_t y, uint32_t width, uint32_t height);
void kg_workload_draw_part(struct kg_workload *whole, struct kg_workload *part, uint32_t number);	// with damage and pointer
void kg_workload_cover(struct kg_workload *part);

/* Each in a file of its name; the list in workload.c has those that stand for themselves. */
extern const struct kg_workload_kind kg_workload_assembly;
extern const struct kg_workload_kind kg_workload_noise;
extern const struct kg_workload_kind kg_workload_office_mix;
extern const struct kg_workload_kind kg_workload_particles;
extern const struct kg_workload_kind kg_workload_terrain;
extern const struct kg_workload_kind kg_workload_text_scroll;
extern const struct kg_workload_kind kg_workload_typing;
extern const struct kg_workload_kind kg_workload_video;
extern const struct kg_workload_kind kg_workload_web_page;
extern const struct kg_workload_kind kg_workload_window_drag;

/* Parts of office-mix: the number is that of the letters typed; of the pixels scrolled. In typing.c and text-scroll.c. */
extern const struct kg_workload_kind kg_workload_letters;
extern const struct kg_workload_kind kg_workload_page;
