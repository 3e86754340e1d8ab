/*
 * A headless RDP client for tests, on libfreerdp: strict where stock clients forgive, obedient to commands on its standard
 * input (one a line; tests/client/commands.c). One thread.
 */
#pragma once

#include "bench/client/connection.h"
#include "bench/client/graphics.h"
#include "tests/gfx-decode.h"

enum acknowledge { ACKNOWLEDGE, ACKNOWLEDGE_NOT, ACKNOWLEDGE_SUSPENDED };

struct client;

/* The graphics channel ([MS-RDPEGFX]), raw. */
struct graphics {
	struct gfx_decoder decoder;
	unsigned opened;		// times
	enum acknowledge acknowledge;
	uint32_t acknowledged;		// frames
	uint64_t bytes;			// received
	uint64_t last_us;		// when the last envelope came
	uint64_t first_picture_us;	// when the first frame ended, 0: not yet
	struct kg_graphics_version versions[16];	// to advertise
	unsigned version_count;
	FILE *record;			// every envelope: u32 size, bytes; or NULL
};

struct client {
	struct kg_connection connection;	// first: FreeRDP allocates it
	struct graphics graphics;
	bool connected, finished;
	uint64_t connected_us;
	char violation[300];		// the first one, "" when none
	unsigned pointers_new, pointers_cached, pointers_hidden;
	uint32_t pointer_width, pointer_height, pointer_hot_x, pointer_hot_y;
	uint32_t leds;
	unsigned surfaces, bitmaps;	// without the graphics pipeline: surface commands of RemoteFX, rectangles of bitmaps
	uint64_t surface_bytes, bitmap_bytes;
};

void client_violation(struct client *client, const char *text);

/* What the graphics channel of the connection tells. */
void graphics_open(struct kg_connection *connection);
bool graphics_data(struct kg_connection *connection, const uint8_t *bytes, size_t size);
void graphics_closed(struct kg_connection *connection);

void graphics_done(struct graphics *graphics);
void graphics_advertise(struct client *client);
void graphics_set_acknowledge(struct client *client, enum acknowledge acknowledge);

/* Runs one command; prints its answer. */
void command_run(struct client *client, char *line);
