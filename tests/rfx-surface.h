/* For tests of RemoteFX's streams: how large surfaces are, and with what tiles are encoded into what. */
#pragma once

#include "tests/rfx-oracle.h"

enum {
	SIDE = 256,			// the largest surface, or channel, pixels
	TILES = (SIDE / 64) * (SIDE / 64),
	ROOM = 1 << 20,
#ifdef KG_SANITIZED
	ROUNDS = 20,
#else
	ROUNDS = 120,
#endif
};

static struct kg_dsp dsp;
static struct kg_rfx_batch batch;
static uint8_t bytes[ROOM];

/* What tiles of both streams say alike: the pixels of picture from left, top on, and where that is. */
#define TILE_AT(picture, left, top)                                                                \
	.pixels = (const uint8_t *)((picture)->pixels + (top) * (picture)->width + (left)),        \
	.stride = (picture)->width * 4, .width = KG_MIN((picture)->width - (left), 64u),           \
	.height = KG_MIN((picture)->height - (top), 64u), .x = (uint16_t)((left) / 64), .y = (uint16_t)((top) / 64)
