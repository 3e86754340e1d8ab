/*
 * ClearCodec: lossless pictures of text, line art and user interfaces ([MS-RDPEGFX] 2.2.4.1, 3.3.8.1). Encoding only.
 *
 * A picture is cut into regions: lines of text, borders, icons, pictures. Each is coded the way that costs least: as a
 * band of columns that the client has seen before (2 bytes a column), with a palette (RLEX), raw, or as runs of the
 * residual layer. NSCodec, the one lossy way, is not used.
 *
 * Two steps, so that the larger part of the work can run on several threads:
 *
 *	kg_clear_analyse()	pure, needs the pixels and the key only: a rectangle per job, in any order
 *	kg_clear_encode()	changes struct kg_clear, the model of the client's caches: in the order of the messages
 *
 * Which rectangles: the larger the better, up to KG_CLEAR_AREA_MAX pixels, and not on the grid of tiles. Columns are
 * found again only where a line of text is whole, and lines know nothing of tiles. A page of text costs 230 KB in seven
 * rectangles as kg_clear_rows() cuts them, 315 KB in tiles of 64x64; behind ZGFX, which finds words again, 80 KB and
 * 150 KB; when much of it comes again, 17 KB and 60 KB. Where a rectangle begins or ends in a line that the client has
 * in part, after a scroll, kg_clear_grow() says how far it should be extended. The tight rectangle of a typed letter is
 * good as it is: some 30 bytes.
 *
 * Pictures do not belong here (codec/classify.h tells them apart); a message may be given a limit all the same.
 */
#pragma once

#include "codec/image.h"

struct kg_dsp;
struct kg_clear_plan;

/* The longest message of that area, 3 bytes a pixel, is within KG_SLICE_SIZE_MAX. A wider limit gains nothing. */
#define KG_CLEAR_AREA_MAX (1920 * 180)

#define KG_CLEAR_KEY 56			// words
#define KG_CLEAR_BAND_MAX 52		// rows
#define KG_CLEAR_BARS 32768
#define KG_CLEAR_SHORT_BARS 16384
#define KG_CLEAR_GLYPHS 4000
#define KG_CLEAR_GLYPH_AREA_MAX 1024	// pixels
#define KG_CLEAR_SEEN 32768

/*
 * What stands for pixels in the model. Two pixels, columns or glyphs that differ have the same hash with a probability
 * below 2^-60, whoever chose them, as long as the key is secret.
 */
struct kg_clear_hash {
	uint64_t a, b;
};

/*
 * The caches of one client's decoder, as far as messages filled them: 1.3 MB of the caller's memory, to be treated as
 * opaque. One per client, over all surfaces and for as long as its graphics channel is open: ResetGraphics changes
 * nothing here.
 */
struct kg_clear {
	uint32_t key[KG_CLEAR_KEY];
	uint8_t sequence;		// of the next message
	bool reset;			// the next message says that the cursors are 0

	/* V-bars and short V-bars: what stands where, in chains by hash. */
	struct kg_clear_bars {
		struct kg_clear_hash hash[KG_CLEAR_BARS];
		uint16_t head[KG_CLEAR_BARS], chain[KG_CLEAR_BARS];
		uint16_t after[KG_CLEAR_BARS];		// the bar that was sent after this one the last time
		uint8_t height[KG_CLEAR_BARS];		// 0: nothing there
		uint32_t cursor;
	} bars;
	struct kg_clear_short_bars {
		struct kg_clear_hash hash[KG_CLEAR_SHORT_BARS];
		uint16_t head[KG_CLEAR_SHORT_BARS], chain[KG_CLEAR_SHORT_BARS];
		uint8_t count[KG_CLEAR_SHORT_BARS];	// pixels + 1; 0: nothing there
		uint32_t cursor;
	} short_bars;
	struct kg_clear_glyphs {
		struct kg_clear_hash hash[KG_CLEAR_GLYPHS];
		uint16_t head[4096], chain[KG_CLEAR_GLYPHS];
		uint16_t area[KG_CLEAR_GLYPHS];		// 0: nothing there
		uint32_t next;				// the one to be replaced
	} glyphs;
	uint32_t seen[KG_CLEAR_SEEN];			// columns that came along, whether they were stored or not
};

/* A new client. key: random bytes that the client cannot know. */
void kg_clear_init(struct kg_clear *clear, const uint8_t key[16]);

/* Forgets what the client has, and tells it so with the next message. The sequence goes on. */
void kg_clear_reset(struct kg_clear *clear);

/* For width x height: scratch memory of a plan, and the most bytes that kg_clear_encode() can write. 0: no legal size
 * (width or height 0 or above KG_DESKTOP_SIZE_MAX, or more than KG_CLEAR_AREA_MAX pixels). */
size_t kg_clear_scratch(uint32_t width, uint32_t height);
size_t kg_clear_bound(uint32_t width, uint32_t height);

/*
 * Looks for lines and columns. The plan lies in scratch (kg_clear_scratch() bytes, any alignment), which like the image
 * must stay until it was encoded or is given up. NULL when the size is illegal. Of clear only the key is used.
 */
struct kg_clear_plan *kg_clear_analyse(const struct kg_dsp *dsp, const struct kg_clear *clear,
				       const struct kg_image *image, void *scratch);

/*
 * Writes the next message (CLEARCODEC_BITMAP_STREAM) to the client. Returns its size; 0 when it would be longer than
 * limit (0: none) or size is less than kg_clear_bound(): then nothing was changed. The message must be sent.
 */
size_t kg_clear_encode(struct kg_clear *clear, struct kg_clear_plan *plan, size_t limit, uint8_t *to, size_t size);

/*
 * How many rows of image, which may be of any height, the next rectangle should have: as many as KG_CLEAR_AREA_MAX
 * allows, or as few less as it takes to cut no line of text. 0 only for an image without pixels or wider than
 * KG_CLEAR_AREA_MAX.
 */
uint32_t kg_clear_rows(const struct kg_dsp *dsp, const struct kg_image *image);

/*
 * How many rows the rectangle (x, y, width, height) of image should be extended above and below so that it cuts no line
 * of text: at most KG_CLEAR_BAND_MAX each, 0 where the edge lies between lines or no line's end is near.
 */
struct kg_clear_growth {
	uint32_t above, below;
};
struct kg_clear_growth kg_clear_grow(const struct kg_dsp *dsp, const struct kg_image *image, uint32_t x, uint32_t y,
				     uint32_t width, uint32_t height);
