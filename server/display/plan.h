/*
 * From damage to encoded pieces: each tile that is damaged, or that the client does not have, is compared with the mirror,
 * which takes a snapshot of it, and what differs is encoded from there. A piece is one graphics message or one bitmap record.
 *
 * Pure. begin on one thread; then jobs 0 to count - 1 on any threads, each for one row of tiles; then, when all have run,
 * the pieces are read on one thread (server/display/slice.h). Image and mirror must stay until the last job has run.
 */
#pragma once

#include "base/limits.h"
#include "base/region.h"
#include "server/control/view-messages.h"
#include "server/display/mirror.h"

struct kg_plan_row {
	uint32_t row;		// of the mirror's tiles
	size_t offset, room;	// of its part of memory
	size_t size;		// bytes of finished pieces
};

struct kg_plan {
	const struct kg_dsp *dsp;
	struct kg_mirror *mirror;
	enum kg_slice_kind kind;	// what pieces are
	uint16_t surface;		// graphics: where they go

	struct kg_image image;		// of the frame that is planned
	uint8_t *touched;		// a byte for each tile
	size_t touched_size;
	uint32_t tiles;			// that are touched
	struct kg_plan_row rows[(KG_DESKTOP_SIZE_MAX + KG_TILE - 1) / KG_TILE];
	uint32_t row_count;
	uint8_t *memory;		// of all pieces
	size_t memory_size;
};

/* The fields up to surface are the caller's; the rest is zero at first. */
void kg_plan_done(struct kg_plan *plan);

/*
 * image has the mirror's size. Returns the number of jobs, 0 when there is nothing to look at, or -ENOMEM.
 * Pieces of the plan before are forgotten.
 */
int kg_plan_begin(struct kg_plan *plan, const struct kg_image *image, const struct kg_region *damage);

/* One job. scratch: kg_plan_scratch() bytes that nobody else uses meanwhile. */
void kg_plan_job(struct kg_plan *plan, uint32_t i, void *scratch);
size_t kg_plan_scratch(void);

size_t kg_plan_size(const struct kg_plan *plan);	// bytes of all pieces; 0: nothing has changed
void kg_plan_end(struct kg_plan *plan);			// the pieces are used: gives much memory back
