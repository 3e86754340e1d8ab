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
