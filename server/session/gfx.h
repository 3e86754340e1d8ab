/*
 * The graphics channel of a client that has one ([MS-RDPEGFX]): opens it, reads what the client says on it, writes what the
 * desktop encoded. What is on the client's screen is the desktop's business.
 *
 * A new view gets a channel that nothing was drawn through: the client forgets surfaces and caches with the old one.
 */
#pragma once

#include "server/session/dvc.h"
#include "server/session/gfx-reader.h"

struct kg_session;
struct kg_watch;

struct kg_gfx {
	struct kg_session *session;
	struct kg_dvc dvc;
	struct kg_watch *watch;
	struct kg_gfx_reader reader;
	bool wanted;			// the client has a graphics channel, and it is to be open
	bool refused;			// the client did not open it after all
	bool has_capabilities;
	bool used;			// something was drawn through it
	uint32_t version, flags;	// as chosen
	uint8_t *message;		// KG_GFX_MESSAGE_MAX bytes
};

int kg_gfx_init(struct kg_gfx *gfx, struct kg_session *session);
void kg_gfx_done(struct kg_gfx *gfx);

/* Opens the channel as soon as the client can, and reads what has arrived. Once per turn of the loop. */
int kg_gfx_turn(struct kg_gfx *gfx);

/* Closes a channel that was used; the next turn opens a new one. */
void kg_gfx_reopen(struct kg_gfx *gfx);

int kg_gfx_write(struct kg_gfx *gfx, const void *bytes, size_t size);	// 0 or -EPIPE
