/*
 * A dynamic virtual channel ([MS-RDPEDYC]) as bytes: FreeRDP's WTS interface opens, reads and closes it; messages are cut
 * into PDUs here and go straight to the transport, without FreeRDP's queue of one allocation and one wake-up per PDU.
 */
#pragma once

#include "base/base.h"

#include <freerdp/peer.h>
#include <winpr/wtypes.h>

struct kg_dvc {
	freerdp_peer *peer;
	HANDLE manager;		// FreeRDP's manager of virtual channels
	HANDLE handle;		// NULL: closed
	int fd;			// readable when something has arrived; FreeRDP's
	uint32_t id;
	uint16_t carrier;	// the static channel that it is in
};

/* True when the client has said that it can do dynamic channels. */
bool kg_dvc_is_ready(HANDLE manager);

/* Asks the client to open it. Whether it does is seen when something arrives. */
int kg_dvc_open(struct kg_dvc *dvc, freerdp_peer *peer, HANDLE manager, const char *name);

/* Closes it on both sides. Fine for a closed one. */
void kg_dvc_close(struct kg_dvc *dvc);

/* The next message of the client, of at most room bytes. Returns its size, 0 when there is none, -EMSGSIZE when it is longer,
 * -EPIPE when the client has closed the channel. */
int kg_dvc_read(struct kg_dvc *dvc, void *to, size_t room);

/* Writes one message. 0 or -EPIPE. */
int kg_dvc_write(struct kg_dvc *dvc, const void *bytes, size_t size);
