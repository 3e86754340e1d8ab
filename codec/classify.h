/*
 * What a tile shows, which says how it is encoded best: one colour; text, line art and whatever else is made of equal
 * neighbours and hard edges (exact by ClearCodec); a picture (RemoteFX); or a picture that moves.
 * The state of a tile keeps it from changing its class with every frame.
 */
#pragma once

#include "codec/damage.h"
#include "codec/image.h"

struct kg_dsp;

enum kg_class {
	KG_CLASS_FLAT,
	KG_CLASS_TEXT,
	KG_CLASS_PICTURE,
	KG_CLASS_VIDEO,		// a picture that changed often and in large parts lately
};

/* One for each tile, of the caller; zeroed before the first frame and when the tile's size changes. */
struct kg_class_state {
	uint8_t class;		// enum kg_class, of the last time
	uint8_t doubt;		// times in a row that a close case spoke for the other of text and picture
	uint16_t heat;		// rises with each change and cools with time
	uint32_t seen_ms;	// when it changed last
};

struct kg_texture {
	uint32_t looked_at, fresh, strong;	// pixels, see KG_TILE_TEXTURE_FN
};

/*
 * Of a tile that has changed. image: its pixels now, constant meanwhile; damage: what changed in it; now_ms: of any
 * clock that does not go back, it may wrap.
 */
enum kg_class kg_classify(const struct kg_dsp *dsp, struct kg_class_state *state, const struct kg_image *image,
			  struct kg_damage damage, uint32_t now_ms);

/* True when a tile that was video has cooled down by now: it stands still and is to be sent well. */
bool kg_class_cooled(const struct kg_class_state *state, uint32_t now_ms);
