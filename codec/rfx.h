/*
 * RemoteFX: what its two streams, progressive ([MS-RDPEGFX] 3.2.8.1, codec/progressive.h) and classic ([MS-RDPRFX],
 * codec/rfx-stream.h), share. A tile of 64x64 pixels becomes three components (Y, Cb, Cr), each coded for itself:
 *
 *   stage 1   pixels -> colour -> wavelet -> quantisation -> a list of the values that are not 0   (dsp rfx_lists)
 *   stage 1b  the same, but all 4096 values of each component                                      (dsp rfx_values)
 *   stage 2   lists -> RLGR1 or RLGR3 bytes, many components in one call                           (dsp rfx_rlgr)
 *
 * kg_rfx_encode() does 1 and 2 for a batch of tiles in memory of the caller; a thread has a batch of its own. The inner
 * functions are described at the end: their C twins in dwt_c.c and rlgr_c.c define the result bit by bit.
 */
#pragma once

#include "base/base.h"

struct kg_dsp;

#define KG_RFX_TILE 64		// pixels, both ways
#define KG_RFX_VALUES 4096	// of a component

enum kg_rfx_wavelet {
	KG_RFX_SYMMETRIC,	// bands of 32, 16 and 8, as classic RemoteFX has them ([MS-RDPRFX] 3.1.8.1.4)
	KG_RFX_EXTRAPOLATE,	// reduce-extrapolate: low bands of 33, 17 and 9 ([MS-RDPEGFX] 3.2.8.1.2.2)
	KG_RFX_WAVELETS
};

enum kg_rfx_coder {
	KG_RFX_RLGR1,
	KG_RFX_RLGR3,
	KG_RFX_CODERS
};

/* The order in which the bands of a component follow each other. HL: high from left to right, low from top to bottom. */
enum kg_rfx_band { KG_HL1, KG_LH1, KG_HH1, KG_HL2, KG_LH2, KG_HH2, KG_HL3, KG_LH3, KG_HH3, KG_LL3, KG_RFX_BANDS };

/* Where each band begins, and the end. */
static const uint16_t kg_rfx_start[KG_RFX_WAVELETS][KG_RFX_BANDS + 1] = {
	{ 0, 1024, 2048, 3072, 3328, 3584, 3840, 3904, 3968, 4032, 4096 },
	{ 0, 1023, 2046, 3007, 3279, 3551, 3807, 3879, 3951, 4015, 4096 },
};

/*
 * The steps of quantisation, of a component or of all three: a decoder multiplies the values of a band by 2^(step - 1),
 * in units of 1/32. Both protocols take 6 (finest) to 15.
 */
struct kg_rfx_quant {
	uint8_t step[KG_RFX_BANDS];
};
#define KG_RFX_STEP_MIN 6
#define KG_RFX_STEP_MAX 15
bool kg_rfx_quant_legal(const struct kg_rfx_quant *quant);
#define KG_RFX_QUANT_DEFAULT ((struct kg_rfx_quant){ { 8, 8, 9, 7, 7, 8, 6, 6, 6, 6 } })

/*
 * What quantisation does in stage 1, whose coefficients c are int16_t in units of 1/16. mulhrs(a, b) is what pmulhrsw
 * does, (a * b + 0x4000) >> 15; multiplier is a power of two or 0, so this is a rounding shift.
 *
 *   HL1..HH3:  0 where |c| < threshold, else mulhrs(c < 0 ? c + less : c - less, multiplier)
 *   LL3:       clamp(mulhrs(c - less, multiplier), low, high), so that what a decoder makes of it fits its int16
 *
 * The threshold lies above half a step: few bits are lost in accuracy and many are won. less is 0 unless the values are
 * those of a first pass, whose last bits are left to upgrades (plain is false then): cutting them off is rounding towards
 * 0 (down in LL3). Where less is 0 a value is 0 only if |c| < threshold. No sum leaves int16_t.
 */
struct kg_rfx_scale {
	int16_t multiplier[KG_RFX_BANDS];
	int16_t threshold[KG_RFX_BANDS];	// LL3 has none; INT16_MAX where multiplier is 0, so that no list holds a 0
	int16_t less[KG_RFX_BANDS];
	int16_t low, high;
	bool plain;				// all of less is 0
};

/*
 * later: how many of a value's last bits each band leaves to upgrades (progressive), or NULL for none. For LL3 the sum of
 * step and later is at most KG_RFX_STEP_MAX; a band whose sum is above 16 has no values.
 */
void kg_rfx_scale_init(struct kg_rfx_scale *scale, const struct kg_rfx_quant *quant, const uint8_t *later);

/*
 * The values of a component that are not 0: position is the index in the order of the bands (ascending), value at most
 * kg_rfx_value_max of the band either way. In LL3 each value is the difference to the one before it (to 0 for the first).
 * position and value both have KG_RFX_LIST_FRONT entries that may be read before [0] and KG_RFX_LIST_ROOM from [0] on.
 * Stage 1 writes position[-1] = 0xffff and may leave anything in entries from count on; stage 2 may read up to
 * KG_RFX_LIST_SLACK entries from count on. Neither pointer is aligned.
 */
struct kg_rfx_list {
	uint16_t *position;
	int16_t *value;
	uint8_t *bytes;		// KG_RFX_BYTES, all of which stage 2 may write
	uint32_t count;		// of values; set by stage 1
	uint32_t size;		// of bytes; set by stage 2
	uint32_t raw;		// of raw bytes, in an upgrade pass; see codec/upgrade.h
};
/* Twice what stage 1 gives, so that the difference of two tiles fits too. */
static const uint16_t kg_rfx_value_max[KG_RFX_BANDS] = { 768, 768, 256, 2047, 2047, 2047, 2047, 2047, 2047, 2047 };
#define KG_RFX_VALUE_MAX 2047	// the greatest of them
#define KG_RFX_LIST_FRONT 32
#define KG_RFX_LIST_SLACK 64
#define KG_RFX_LIST_ROOM (KG_RFX_VALUES + KG_RFX_LIST_SLACK)
/*
 * The most bytes of a list, and more than 64 that are slack. Searched through all states of the coders: 30407 with RLGR1 and
 * 38076 with RLGR3 for lists within kg_rfx_value_max; 17750 and 21424 for those of stage 1. White noise takes 4000.
 */
#define KG_RFX_BYTES 40960

/* Scratch memory of the inner functions, aligned to 64 bytes. Nothing is kept in it between calls. */
#define KG_RFX_SCRATCH 131072

/* ---- a batch of tiles ---- */

/* width and height: 1 to 64; the last column and row of a smaller tile are repeated. */
struct kg_rfx_tile {
	const uint8_t *pixels;		// B, G, R, X
	size_t stride;
	uint32_t width, height;
	const struct kg_rfx_scale *scale;	// three: Y, Cb, Cr
};

/* Lists and bytes of up to capacity tiles: three lists a tile, in order. */
struct kg_rfx_batch {
	struct kg_rfx_list *lists;
	bool *overflows;		// of each tile, see KG_RFX_LISTS_FN
	struct kg_rfx_list **order;
	struct kg_rfx_tile *tiles;	// for whoever calls kg_rfx_encode(): room for capacity
	uint8_t *padded;
	int16_t *values;		// of two tiles
	struct kg_rfx_list spare;	// without bytes
	void *scratch;
	uint32_t capacity;
};

/* The memory that a batch needs, 0 when capacity is not 1 to KG_RFX_BATCH_MAX. 60, two rows of 1920 pixels, is a good one. */
size_t kg_rfx_batch_size(uint32_t capacity);
#define KG_RFX_BATCH_MAX 4096

/*
 * How many of count tiles (1 or more) to encode together, most or less, where so many threads take batches in turns: as many as
 * lets all threads end together. Fewer than KG_RFX_SHARE_LEAST are not worth a thread.
 */
uint32_t kg_rfx_share(uint32_t count, uint32_t threads, uint32_t most);
#define KG_RFX_SHARE_LEAST 16

/* memory: kg_rfx_batch_size() bytes, which need not be cleared nor aligned, and stay the caller's. */
void kg_rfx_batch_init(struct kg_rfx_batch *batch, void *memory, uint32_t capacity);

/* Stages 1 and 2 for count <= capacity tiles: afterwards lists[3 * i + component] has the bytes of tile i. */
void kg_rfx_encode(const struct kg_dsp *dsp, struct kg_rfx_batch *batch, const struct kg_rfx_tile *tiles, uint32_t count,
		   enum kg_rfx_wavelet wavelet, enum kg_rfx_coder coder);

/* Stage 1 alone. */
void kg_rfx_lists(const struct kg_dsp *dsp, struct kg_rfx_batch *batch, const struct kg_rfx_tile *tiles, uint32_t count,
		  enum kg_rfx_wavelet wavelet);

/* The lists of count tiles in the order that coders of many lists want: batch->order has 3 * count of them. */
void kg_rfx_sort(struct kg_rfx_batch *batch, uint32_t count);

/* Stage 1b for one tile, with the padding of stage 1. batch lends its scratch memory. values: see KG_RFX_VALUES_FN. */
bool kg_rfx_values(const struct kg_dsp *dsp, struct kg_rfx_batch *batch, const struct kg_rfx_tile *tile,
		   enum kg_rfx_wavelet wavelet, int16_t *values);

/* ---- the inner functions, struct kg_dsp ---- */

/*
 * Stage 1, rfx_lists[wavelet]. rows (1 to 64) rows of 64 pixels, stride bytes apart; the last row stands for those that
 * lack. scale and lists: three, for Y, Cb, Cr; the lists' pointers are the caller's.
 *
 * Colour, in units of 1/16: Y' = (R * 1225 >> 8) + (G * 2404 >> 8) + (B * 467 >> 8) + 1, Y = Y' - KG_RFX_LEVEL,
 * Cb = mulhrs(16 * B - Y', 18513), Cr = mulhrs(16 * R - Y', 23364).
 * Wavelet, columns before rows at each of three levels, all in wrapping int16_t with arithmetic shifts:
 *   high[i] = (x[2i+1] - ((x[2i] + x[2i+2]) >> 1)) >> 1,  low[i] = x[2i] + ((high[i-1] + high[i]) >> 1)
 * with high[-1] = high[0] and, symmetric, x[n] = x[n-2]. Extrapolate: x[64] = 2 * x[63] - x[62] at level 1, so that
 * there are 33 low values and 31 high ones (the 32nd is always 0); from then on n is odd and high[n/2] = high[n/2 - 1].
 *
 * Returns true when the tile must go another way: a decoder's int16_t, in units of 1/32, cannot hold what it computes for
 * the extrapolated corner at the bottom right, the last value of LL1, which black and white can make 36864. To keep the
 * harm in one pixel it is clamped to +-KG_RFX_CORNER_MAX, and that it had to be is what is reported. The filters leave all
 * other values within 26880 for any pixels. Never with KG_RFX_SYMMETRIC.
 */
#define KG_RFX_LISTS_FN(name)                                                                                          \
	bool name(const uint8_t *pixels, size_t stride, uint32_t rows, const struct kg_rfx_scale *scale,               \
		  struct kg_rfx_list *lists, void *scratch)
#define KG_RFX_CORNER_MAX 12000

/*
 * 2048 is half of the range. The quarter of a colour's step above it is half way between what decoders that round want
 * (Windows, by the dumps of [MS-RDPRFX] 4.2.4) and those that cut off (FreeRDP): grey comes out exact in both.
 */
#define KG_RFX_LEVEL (2048 - 4)

/* Stage 1b, rfx_values[wavelet]: 3 * 4096 quantised values, LL3 without differences. values is aligned to 64. */
#define KG_RFX_VALUES_FN(name)                                                                                         \
	bool name(const uint8_t *pixels, size_t stride, uint32_t rows, const struct kg_rfx_scale *scale,               \
		  int16_t *values, void *scratch)

/* The list of a component from all its values, as stage 1 makes it. LL3 begins at ll3 and becomes differences. */
#define KG_RFX_PACK_FN(name) void name(const int16_t *values, uint32_t ll3, struct kg_rfx_list *list)

/*
 * Stage 2, rfx_rlgr[coder]: bytes and size of count lists ([MS-RDPRFX] 3.1.8.1.7.3). The zeros behind the last value are
 * coded as a run that ends in a value 1 that no decoder takes. The lists come with the longest first.
 */
#define KG_RFX_RLGR_FN(name) void name(struct kg_rfx_list *const *lists, uint32_t count, void *scratch)
