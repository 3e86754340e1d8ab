/*
 * The client's pointer: shapes into its cache, which of them is shown, and where. The desktop decides which slot is filled
 * ([MS-RDPBCGR] 2.2.9.1.1.4); here it is checked and put into the form that this client takes.
 *
 * While the client does not read, shapes wait as places in the ring, one per slot at most: nothing is lost, nothing piles up.
 */
#pragma once

#include "server/control/view-messages.h"

#include <freerdp/update.h>

struct kg_session;

#define KG_POINTER_SLOTS 32u

enum kg_pointer_form {
	KG_POINTER_ALPHA,		// 32 bits with alpha, no mask
	KG_POINTER_MASK,		// 32 bits with alpha and a mask, for clients from before large pointers
	KG_POINTER_COLOUR,		// 24 bits and a mask, for clients that know no other
};

struct kg_pointer_slot {
	bool filled;
	bool waiting;			// filled, but not sent yet
	struct kg_view_cursor shape;
};

struct kg_pointer {
	struct kg_session *session;
	enum kg_pointer_form form;
	uint16_t size_max, slots;
	struct kg_pointer_slot slot[KG_POINTER_SLOTS];
	bool changed;			// what is shown was not sent yet
	bool hidden;
	uint16_t shown;			// slot

	bool has_last;			// what was sent last, kept in pixels and mask for a client that is activated again
	struct kg_view_cursor last;
	uint8_t *pixels, *mask;

	bool warps;
	struct kg_view_warp warp;
};

int kg_pointer_init(struct kg_pointer *pointer, struct kg_session *session);
void kg_pointer_done(struct kg_pointer *pointer);

/* A view is opened: the largest shape and the slots, for the desktop. */
void kg_pointer_open(struct kg_pointer *pointer, enum kg_view_path path, uint16_t *ret_size, uint16_t *ret_slots);
void kg_pointer_forget(struct kg_pointer *pointer);	// the view is gone, and its ring with it

/* Messages of the desktop. 0, or -EPROTO when they are not right. */
int kg_pointer_set(struct kg_pointer *pointer, const struct kg_view_cursor *cursor, const uint8_t *pixels);
int kg_pointer_warp(struct kg_pointer *pointer, const struct kg_view_warp *warp);

/* The lower of position and the first place in the ring that a waiting shape has. */
uint64_t kg_pointer_position(const struct kg_pointer *pointer, uint64_t position);

/* Sends what waits. 0 or -EPIPE. */
int kg_pointer_flush(struct kg_pointer *pointer);

/* The client was activated again and has forgotten its pointer. */
int kg_pointer_resend(struct kg_pointer *pointer);
