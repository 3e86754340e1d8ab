/*
 * The ring of encoded bytes between a desktop (writes) and a session (reads): a memfd that only the desktop's mapping can
 * write. What lies where is said in messages (position and length); the ring itself holds no counters, so that neither
 * side trusts memory of the other. Positions are 64-bit and count bytes since the start; a position's place is its
 * remainder by the size. A piece never wraps: what does not fit before the end begins at the next multiple of the size.
 */
#pragma once

#include "base/base.h"

struct kg_ring {
	int fd;			// -1 when none
	uint8_t *memory;	// read-only on the session's side
	size_t size;		// a power of two
	uint64_t written;	// next position to be given (writer)
	uint64_t freed;		// positions below are free again (writer)
	uint64_t room;		// where the room given last begins (writer)
};

/* The desktop's side. Size is rounded up to a power of two of at least a page. The memfd is sealed: no other mapping or
 * write can change it, and its size is fixed. */
int kg_ring_init(struct kg_ring *ring, size_t size);

/* The session's side: checks seals and size (at most KG_RING_SIZE_MAX) and maps read-only. Takes fd, also on failure. */
int kg_ring_init_reader(struct kg_ring *ring, int fd);

void kg_ring_done(struct kg_ring *ring);	// zeroed or half-made objects are fine

/* Writer: room for length bytes in one piece, NULL when there is none now. Nothing is taken before kg_ring_commit(). */
uint8_t *kg_ring_room(struct kg_ring *ring, size_t length);

/* Writer: takes length bytes, at most as many as were asked for, of the room given last; returns their position. */
uint64_t kg_ring_commit(struct kg_ring *ring, size_t length);

/* Writer: all pieces that end at or below position are read. -EPROTO when it was never written or goes backwards. */
int kg_ring_release(struct kg_ring *ring, uint64_t position);

/* Reader: the piece in place, or NULL when position and length are not one of this ring. */
const uint8_t *kg_ring_piece(const struct kg_ring *ring, uint64_t position, size_t length);
