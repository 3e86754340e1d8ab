/*
 * The graphics channel of a kg_connection: takes the place of FreeRDP's rdpgfx plug-in, or listens to it; and the
 * messages that a client sends in it ([MS-RDPEGFX] 2.2.2.13, 2.2.2.18).
 */
#pragma once

#include "base/base.h"

struct kg_connection;

/* Makes FreeRDP ask for its channels here; once in a process, before the first connection. */
void kg_graphics_register(void);

struct kg_graphics_version {
	uint32_t version, flags;	// 2.2.3
};

/* At most 16 versions. False: the channel cannot be written. */
bool kg_graphics_advertise(struct kg_connection *connection, const struct kg_graphics_version *versions, size_t count);

#define KG_GRAPHICS_DEPTH_UNKNOWN 0		// queue depths with a meaning of their own
#define KG_GRAPHICS_SUSPEND 0xffffffff

/* decoded: how many frames, in all. */
bool kg_graphics_acknowledge(struct kg_connection *connection, uint32_t frame, uint32_t queue_depth, uint32_t decoded);
