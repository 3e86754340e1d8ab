/* What the files of the plan share. */
#pragma once

#include "base/writer.h"
#include "server/display/plan.h"

/*
 * What is sent before and behind all that jobs encode: moves, hits and fills; then what goes into the client's cache, and hits
 * of that.
 */
struct kg_plan_ends {
	struct kg_writer head, tail;
	struct kg_rect fill;		// that waits for more of its colour to the right, empty: none
	uint32_t fill_colour;
};

/* plan.c: the tiles that rect touches are looked at. */
void kg_plan_touch(struct kg_plan *plan, struct kg_rect rect);

/* plan-moves.c: what has moved is found; the mirror moves it. */
void kg_plan_find_moves(struct kg_plan *plan);
void kg_plan_move(struct kg_plan *plan);

/* plan-tiles.c: one row of tiles is compared with the source and taken; then every tile's way is chosen. */
void kg_plan_look(struct kg_plan *plan, uint32_t row);
void kg_plan_choose(struct kg_plan *plan, struct kg_plan_ends *ends);

/* plan-pieces.c: the most bytes that tiles add to an end, and what they may add. */
#define KG_PLAN_END_SIZE 32
void kg_plan_put_copies(const struct kg_plan *plan, struct kg_plan_ends *ends);
void kg_plan_put_fill(const struct kg_plan *plan, struct kg_plan_ends *ends, struct kg_rect rect);
void kg_plan_put_hit(const struct kg_plan *plan, struct kg_plan_ends *ends, uint16_t slot, struct kg_rect rect, bool fresh);
void kg_plan_put_eviction(struct kg_plan_ends *ends, uint16_t slot);
void kg_plan_put_store(const struct kg_plan *plan, struct kg_plan_ends *ends, uint16_t slot, struct kg_rect rect);
void kg_plan_flush_fill(const struct kg_plan *plan, struct kg_plan_ends *ends);

/* In jobs: there is no memory, which kg_plan_next() tells. */
void kg_plan_fail(struct kg_plan *plan);

/* Memory for a part; false, and the plan has failed, when there is none. In jobs, too. */
bool kg_plan_provide(struct kg_plan *plan, struct kg_plan_part *part, size_t room);

/* Jobs: a row of planar tiles. */
void kg_plan_write_planar(struct kg_plan *plan, const struct kg_plan_work *work, struct kg_plan_part *part, void *scratch);

/* The same for a piece of planar, anywhere on the graphics path. */
size_t kg_plan_planar_bound(const struct kg_plan *plan);
void kg_plan_put_planar(const struct kg_plan *plan, struct kg_writer *writer, struct kg_rect rect, void *scratch);

/* plan-lossy.c: finds the tiles; then a job for each batch. */
void kg_plan_find_lossy(struct kg_plan *plan);
void kg_plan_write_lossy(struct kg_plan *plan, const struct kg_plan_work *work, struct kg_plan_part *part, void *scratch);
size_t kg_plan_lossy_scratch(void);

/* plan-text.c: tiles of text are put together into rectangles; jobs that prepare one, and that write all. */
void kg_plan_find_texts(struct kg_plan *plan);
void kg_plan_analyse_text(struct kg_plan *plan, struct kg_plan_text *text);
void kg_plan_write_texts(struct kg_plan *plan, struct kg_plan_part *part, void *scratch);
