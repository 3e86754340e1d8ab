/* From counts and history to a tile's class. */
#include "codec/classify.h"

#include "codec/dsp.h"

#include <assert.h>

/*
 * Pixels that continue a run or a column cost ClearCodec nearly nothing. Of the fresh ones at least half are hard edges in
 * text and line art, however it is smoothed, and hardly any in pictures, but in noise; measured on bench/pictures, of text
 * between 51 and 86 %, of terrain, dark scenes and photographs less than 10 % nearly everywhere and never above 47 %.
 */
#define CHEAP_SOFT(count) ((count) / 32)	// so few soft ones are cheap and exact, whatever it shows
#define TEXT_SOFT(count) ((count) * 3 / 16)	// more of them are a picture beside text
#define PICTURE_FRESH(count) ((count) * 3 / 4)	// so many fresh ones: no text is that dense
#define TEXT_STRONG(fresh) ((fresh) * 5 / 12)
#define SURE_TEXT_STRONG(fresh) ((fresh) / 2)	// between these the class stays as it was
#define SURE_PICTURE_STRONG(fresh) ((fresh) / 3)
#define PALETTE 48				// so few colours with hard edges: pixel art, dither, patterns
#define DOUBT 3					// close cases in a row that change the class

/* Heat: a change of a quarter of the tile or more. Above 7 changes in a second it rises; 15 a second are video in a second. */
#define HEAT_OF_CHANGE 64
#define HEAT_VIDEO 256
#define HEAT_STILL 128		// video stays video down to here
#define HEAT_MAX 384		// 600 ms from here to there

static uint16_t cooled(uint16_t heat, uint32_t elapsed_ms)
{
	uint32_t loss = KG_MIN(elapsed_ms, 2000u) * 7 / 16;

	return (uint16_t)(heat > loss ? heat - loss : 0);
}

/* True when a sample of the pixels has at most PALETTE colours. Stops at the first one more, which pictures show soon. */
static bool few_colours(const struct kg_image *image)
{
	uint64_t seen[16] = { 0 };	// by a hash of 10 bits: two colours may count as one
	unsigned count = 0;

	for (uint32_t y = 0; y < image->height; y += 4) {
		for (uint32_t x = y / 4 % 2; x < image->width; x += 2) {
			uint32_t pixel, bit;

			memcpy(&pixel, image->pixels + y * image->stride + x * 4, sizeof(pixel));
			bit = (pixel << 8) * 0x9e3779b1u >> 22;
			count += !(seen[bit / 64] >> bit % 64 & 1);
			seen[bit / 64] |= 1ull << bit % 64;
			if (count > PALETTE)
				return false;
		}
	}
	return true;
}

/* *close: as good as undecided. */
static enum kg_class still_class(const struct kg_dsp *dsp, const struct kg_image *image, bool *close)
{
	struct kg_texture t;
	uint32_t soft;

	dsp->tile_texture(image->pixels, image->stride, image->width, image->height, &t);
	soft = t.fresh - t.strong;
	*close = false;
	if (t.fresh <= PICTURE_FRESH(t.looked_at)) {
		if (soft <= CHEAP_SOFT(t.looked_at))
			return KG_CLASS_TEXT;
		*close = t.strong > SURE_PICTURE_STRONG(t.fresh) && t.strong < SURE_TEXT_STRONG(t.fresh);
		if (t.strong >= TEXT_STRONG(t.fresh) && soft <= TEXT_SOFT(t.looked_at))
			return KG_CLASS_TEXT;
	}
	if (t.strong > SURE_PICTURE_STRONG(t.fresh) && few_colours(image)) {
		*close = false;
		return KG_CLASS_TEXT;
	}
	return KG_CLASS_PICTURE;
}

enum kg_class kg_classify(const struct kg_dsp *dsp, struct kg_class_state *state, const struct kg_image *image,
			  struct kg_damage damage, uint32_t now_ms)
{
	enum kg_class was = state->class, class = KG_CLASS_FLAT;
	uint32_t area = (uint32_t)__builtin_popcountll(damage.rows) * (uint32_t)__builtin_popcountll(damage.columns);
	bool close;

	assert(image->width <= KG_TILE && image->height <= KG_TILE);
	state->heat = cooled(state->heat, now_ms - state->seen_ms);
	if (area >= image->width * image->height / 4)
		state->heat = KG_MIN(state->heat + HEAT_OF_CHANGE, HEAT_MAX);
	state->seen_ms = now_ms;
	if (!image->width || !image->height || dsp->tile_flat(image->pixels, image->stride, image->width, image->height))
		goto out;

	class = still_class(dsp, image, &close);
	if (was == KG_CLASS_VIDEO)
		was = KG_CLASS_PICTURE;
	if (class == was) {
		state->doubt = 0;
	} else if (close && was != KG_CLASS_FLAT && ++state->doubt < DOUBT) {
		class = was;
	} else {
		state->doubt = 0;
	}
	if (class == KG_CLASS_PICTURE && state->heat >= (state->class == KG_CLASS_VIDEO ? HEAT_STILL : HEAT_VIDEO))
		class = KG_CLASS_VIDEO;
out:
	state->class = class;
	return class;
}

bool kg_class_cooled(const struct kg_class_state *state, uint32_t now_ms)
{
	return state->class == KG_CLASS_VIDEO && cooled(state->heat, now_ms - state->seen_ms) < HEAT_STILL;
}
