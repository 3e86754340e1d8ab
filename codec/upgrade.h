/*
 * Upgrade passes of RemoteFX Progressive: the bits of a component's values that an earlier pass has left out
 * ([MS-RDPEGFX] 3.2.8.1.5.2). Values that were 0 so far go through the simplified run-length coder (SRL, 3.1.8.1.5),
 * the others send their bits raw, and so does the last band, LL3.
 *
 * Stage 1 (codec/rfx.h) with the scale of the pass gives lists of the values that are not 0 after it. From then on the work
 * follows their entries:
 *
 *   split   a list -> the raw bits, and a list of what SRL has to code   (dsp upgrade_split)
 *   SRL     such lists -> their bytes, many components in one call       (dsp upgrade_srl)
 */
#pragma once

#include "codec/rfx.h"

#define KG_UPGRADE_BITS 6	// at most, that a pass may add to a value: the unary code of SRL doubles with each
#define KG_UPGRADE_SRL 32832	// room that 4096 values need at most, with what is to spare
#define KG_UPGRADE_RAW 3136
_Static_assert(KG_UPGRADE_SRL + KG_UPGRADE_RAW <= KG_RFX_BYTES, "both fit where a list's bytes go");

/* What a pass adds to a component. */
struct kg_upgrade {
	const uint16_t *start;		// where each band begins, and behind them the end: count + 1
	unsigned count;			// of bands
	const uint8_t *bits;		// that values of each band get, 0 to KG_UPGRADE_BITS
};

/*
 * An entry of SRL: a value that becomes other than 0 is the zeros before it, its sign, and a unary code for its magnitude:
 * magnitude - 1 zeros, ended by a one unless it is the greatest that the bits of the pass allow. Of that code an entry's
 * value has the length, and whether it ends in a one.
 */
#define KG_SRL_LENGTH 63
#define KG_SRL_ENDED_SHIFT 8
#define KG_SRL_ENDED (1 << KG_SRL_ENDED_SHIFT)
#define KG_SRL_NEGATIVE 0x8000

/*
 * Splits the lists of batch from 3 * tile on, those of a tile, by passes[component]: afterwards they have the entries of SRL,
 * and raw bytes, from bytes + KG_UPGRADE_SRL on.
 */
void kg_upgrade_split(const struct kg_dsp *dsp, struct kg_rfx_batch *batch, uint32_t tile, const struct kg_upgrade passes[3]);

/* ---- the inner functions, struct kg_dsp ---- */

/*
 * list: the values that are not 0 after the pass, those of the last band as differences; its entry behind the last is
 * overwritten. srl becomes the entries of SRL: positions among the values that SRL has to tell of, which all but those of the
 * last band are that were 0 before, in bands that get bits; behind the last entry the number of such values stands as a
 * position. raw, of KG_UPGRADE_RAW bytes: the raw bits, the highest first; the number of bytes is returned.
 */
#define KG_UPGRADE_SPLIT_FN(name)                                                                                      \
	uint32_t name(const struct kg_upgrade *pass, const struct kg_rfx_list *list, struct kg_rfx_list *srl,          \
		      uint8_t *raw, void *scratch)

/*
 * Bytes and size of count lists of SRL, at most KG_UPGRADE_SRL each. A zero bit for a run of 2^k zeros each ends a list, and
 * a byte of 0 (3.1.8.1.5), unless there is nothing to tell. The lists come with the longest first.
 */
#define KG_UPGRADE_SRL_FN(name) KG_RFX_RLGR_FN(name)
