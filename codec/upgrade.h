/*
 * Upgrade passes of RemoteFX Progressive: the bits of a component's values that an earlier pass has left out
 * ([MS-RDPEGFX] 3.2.8.1.5.2). Values that were 0 so far go through the simplified run-length coder (SRL, 3.1.8.1.5),
 * the others send their bits raw, and so does the last band, LL3.
 */
#pragma once

#include "codec/rfx.h"

#define KG_UPGRADE_BITS 6	// at most, that a pass may add to a value: the unary code of SRL doubles with each
#define KG_UPGRADE_SRL 32832	// room that 4096 values need at most, with what is to spare
#define KG_UPGRADE_RAW 3136

/* What a pass adds to a component. */
struct kg_upgrade {
	const uint16_t *start;		// where each band begins, and behind them the end: count + 1
	unsigned count;			// of bands
	const uint8_t *from, *to;	// of each band: bits left out before and after; from - to is 0 to KG_UPGRADE_BITS
};

struct kg_upgrade_size {
	uint32_t srl, raw;
};

/*
 * list: the values with all of their bits that are not 0, those of the last band as differences, as stage 1 gives them; its
 * entry behind the last is overwritten. srl and raw have room for KG_UPGRADE_SRL and KG_UPGRADE_RAW bytes.
 */
struct kg_upgrade_size kg_upgrade_encode(const struct kg_upgrade *pass, const struct kg_rfx_list *list, uint8_t *srl,
					 uint8_t *raw);
