/*
 * A headless RDP client for tests, on libfreerdp: strict where stock clients forgive, obedient to commands on its standard
 * input (one a line; tests/client/commands.c). One thread.
 */
#pragma once

#include "tests/gfx-decode.h"

#include <freerdp/freerdp.h>

enum acknowledge { ACKNOWLEDGE, ACKNOWLEDGE_NOT, ACKNOWLEDGE_SUSPENDED };

struct client;

/* The graphics channel ([MS-RDPEGFX]), raw. */
struct graphics {
	struct gfx_decoder decoder;
	void *channel;			// IWTSVirtualChannel, NULL when closed
	unsigned opened;		// times
	enum acknowledge acknowledge;
	uint32_t acknowledged;		// frames
	uint64_t bytes;			// received
	double last_us;			// when the last envelope came
	double first_picture_us;	// when the first frame ended, 0: not yet
	uint32_t versions[16], flags[16];	// to advertise
	unsigned version_count;
	FILE *record;			// every envelope: u32 size, bytes; or NULL
	struct client *client;
};

struct client {
	rdpContext context;		// first: FreeRDP allocates it
	struct graphics graphics;
	bool connected, finished;
	double start_us, connected_us;
	char violation[300];		// the first one, "" when none
	unsigned pointers_new, pointers_cached, pointers_hidden;
	uint32_t pointer_width, pointer_height, pointer_hot_x, pointer_hot_y;
	uint32_t leds;
	unsigned surfaces, bitmaps;	// without the graphics pipeline: surface commands of RemoteFX, rectangles of bitmaps
	uint64_t surface_bytes, bitmap_bytes;
};

double client_now_us(void);
void client_violation(struct client *client, const char *text);

/* Registers the graphics channel with FreeRDP; to be called before it loads its channels. */
void graphics_register(struct client *client);
void graphics_done(struct graphics *graphics);
void graphics_advertise(struct graphics *graphics);
void graphics_send(struct graphics *graphics, const void *bytes, size_t size);
void graphics_set_acknowledge(struct graphics *graphics, enum acknowledge acknowledge);

/* Runs one command; prints its answer. */
void command_run(struct client *client, char *line);
