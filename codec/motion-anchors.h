/*
 * For codec/motion.c only: by how much something may have moved. Anchors are pixels which their neighbourhood alone marks,
 * so that the same content has the same anchors wherever it lies. A hash of the pixels around each is looked up in the
 * other picture, and each pair that is found votes for its distance: scrolls in both directions and moves alike.
 */
#pragma once

#include "codec/motion.h"

#define KG_ANCHORS 4096
#define KG_ANCHOR_SLOTS (2 * KG_ANCHORS)
#define KG_VOTE_SLOTS 4096
#define KG_SHIFTS 6

struct kg_shift {
	int32_t dx, dy;		// from the mirror to the image
};

struct kg_anchor {
	uint32_t tag;		// a part of the hash, never 0 where there is an anchor
	uint16_t x, y;
};

struct kg_vote {
	int16_t dx, dy;
	uint32_t count;
};

struct kg_anchors {
	uint8_t *differs;			// for each tile: that something in it does; the caller's memory
	struct kg_anchor old[KG_ANCHOR_SLOTS];	// of the mirror: a hash table
	struct kg_anchor fresh[KG_ANCHORS];	// of the image: a list
	struct kg_vote votes[KG_VOTE_SLOTS];	// a hash table
	uint32_t old_count, fresh_count;
};

/* The distances that are most likely, best first. All are verified by samples. Returns how many. */
unsigned kg_anchors_shifts(const struct kg_motion *motion, struct kg_anchors *anchors, struct kg_shift ret[KG_SHIFTS]);
