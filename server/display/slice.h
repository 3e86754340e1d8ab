/*
 * Cuts the pieces of a finished plan into slices, as they go into the ring: the next slice's size, then its bytes. On the
 * graphics path each slice is one envelope; the frame's messages are in one, unless they exceed a slice. On the bitmap path a
 * slice has records of one kind. Pure.
 */
#pragma once

#include "server/display/plan.h"

struct kg_zgfx;

struct kg_slicer {
	const struct kg_plan *plan;
	uint32_t frame;
	uint64_t time_ms;	// of day, for the client's statistics
	uint32_t part;		// the next piece: where it lies
	size_t offset;
	size_t left;		// bytes of pieces that are not written
	size_t next;		// of them in the next slice, 0: not yet measured
	enum kg_slice_kind kind;	// of the next slice
	bool begun;
};

void kg_slicer_begin(struct kg_slicer *slicer, const struct kg_plan *plan, uint32_t frame, uint64_t time_ms);

bool kg_slicer_finished(const struct kg_slicer *slicer);

/* The room that the next slice takes, at most KG_SLICE_SIZE_MAX, its kind, and whether it is the last. Not to be asked when finished. */
size_t kg_slicer_next(struct kg_slicer *slicer, bool *ret_last);

/* Writes the slice that kg_slicer_next() measured and returns its size; all of that room may be overwritten. zgfx compresses
 * graphics, or NULL. */
size_t kg_slicer_write(struct kg_slicer *slicer, struct kg_zgfx *zgfx, uint8_t *to);
