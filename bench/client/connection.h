/*
 * A connection to an RDP server, headless, on libfreerdp: what kagami-bench and the tests' strict client share. FreeRDP
 * starts no thread for it, unless its settings let decoders have some: all happens in calls of this header, on the
 * caller's thread.
 *
 * Graphics come by a dynamic channel ([MS-RDPEGFX]). Either its bytes are handed over as they come (raw), or FreeRDP's
 * own client of it decodes them (stock), and what it is given and does is told. With CLIENT_LOG in the environment
 * FreeRDP logs.
 */
#pragma once

#include "base/base.h"

#include <freerdp/client/rdpgfx.h>
#include <freerdp/freerdp.h>

#include <poll.h>

struct kg_connection;

/* What the owner is told. */
struct kg_connection_events {
	/* Logged on; FreeRDP's gdi is there, but for the blind. False: end it. */
	bool (*connected)(struct kg_connection *connection);

	/* Raw: the channel is open (and may be again after it was closed), one RDP_SEGMENTED_DATA, closed. */
	void (*graphics_open)(struct kg_connection *connection);
	bool (*graphics_data)(struct kg_connection *connection, const uint8_t *bytes, size_t size);	// false: end it
	void (*graphics_closed)(struct kg_connection *connection);

	/* Stock: the pipeline is there, draws into the gdi and may be given other functions; bytes are about to be
	 * decoded; they were. */
	void (*pipeline)(struct kg_connection *connection, RdpgfxClientContext *pipeline);
	void (*decoding)(struct kg_connection *connection, size_t size);
	void (*decoded)(struct kg_connection *connection);
};

struct kg_connection {
	rdpContext context;		// first: FreeRDP allocates the whole
	const struct kg_connection_events *events;
	/* To be set before kg_connection_open(). */
	bool stock;			// FreeRDP reads the graphics channel
	bool blind;			// draws nothing, has no gdi and little memory: for the raw channel only
	IWTSVirtualChannel *graphics;	// raw: the channel, NULL while it is closed
	int fd;				// of TCP, -1: none yet
	uint64_t start_us;		// when TCP began to connect: what a client does before is not the server's time
};

/* size: of the owner's struct, which begins with a kg_connection and is zeroed. Its settings suit a client that only
 * looks and types: graphics, no sound, no redirection, any certificate. */
int kg_connection_new(struct kg_connection **ret, size_t size, const struct kg_connection_events *events);
void kg_connection_free(struct kg_connection *connection);	// NULL is fine

bool kg_connection_set_server(struct kg_connection *connection, const char *address);	// HOST:PORT or [HOST]:PORT
bool kg_connection_set_size(struct kg_connection *connection, const char *size);		// WIDTHxHEIGHT

/* Connects and logs on; waits until that is done. False: see kg_connection_error(). */
bool kg_connection_open(struct kg_connection *connection);
void kg_connection_close(struct kg_connection *connection);

/* What to wait for (at most count descriptors; the number of them, 0: the connection is gone), and what to do then.
 * False when the connection is over. */
size_t kg_connection_wait_for(struct kg_connection *connection, struct pollfd *fds, size_t count);
bool kg_connection_handle(struct kg_connection *connection);

/* Why it ended: FreeRDP's or the server's code and name. */
const char *kg_connection_error(struct kg_connection *connection, uint32_t *ret_code);

/* Raw: sends a graphics message. */
bool kg_connection_send_graphics(struct kg_connection *connection, const void *bytes, size_t size);
