/* RemoteFX Progressive: ladders, blocks of tiles, and regions. */
#include "codec/progressive.h"

#include "codec/dsp.h"
#include "codec/rfx-blocks.h"

#include <assert.h>

enum block {
	BLOCK_SYNC = 0xccc0,
	BLOCK_FRAME_BEGIN = 0xccc1,
	BLOCK_FRAME_END = 0xccc2,
	BLOCK_CONTEXT = 0xccc3,
	BLOCK_REGION = 0xccc4,
	BLOCK_TILE_SIMPLE = 0xccc5,
	BLOCK_TILE_FIRST = 0xccc6,
	BLOCK_TILE_UPGRADE = 0xccc7,
};

enum {
	SUBBAND_DIFFING = 1,		// context: there are differences and upgrades
	REDUCE_EXTRAPOLATE = 1,		// region
	TILE_DIFFERENCE = 1,
	FULL_QUALITY = 0xff,
	COMPONENTS = 3,
};

/* ---- ladders ---- */

static const uint8_t *later_of(const struct kg_progressive_ladder *ladder, unsigned pass, int component)
{
	static const uint8_t none[KG_RFX_BANDS];

	return pass < ladder->count ? ladder->step[pass].later[component] : none;
}

/* Whether a pass with later may be followed by one with next. */
static bool later_legal(const uint8_t *later, const uint8_t *next, const struct kg_rfx_quant *quant)
{
	for (int band = 0; band < KG_RFX_BANDS; band++)
		if (later[band] > KG_UPGRADE_BITS || later[band] < next[band])
			return false;
	return quant->step[KG_LL3] + later[KG_LL3] <= KG_RFX_STEP_MAX;
}

int kg_progressive_ladder_init(struct kg_progressive_ladder *ladder, const struct kg_rfx_quant quant[3],
			       const struct kg_progressive_step *steps, unsigned count)
{
	struct kg_progressive_ladder l = { .count = count };

	if (count > KG_PROGRESSIVE_STEPS)
		return -EINVAL;
	memcpy(l.quant, quant, sizeof(l.quant));
	if (count)
		memcpy(l.step, steps, count * sizeof(*steps));
	for (int c = 0; c < COMPONENTS; c++) {
		if (!kg_rfx_quant_legal(&quant[c]))
			return -EINVAL;
		for (unsigned pass = 0; pass <= count; pass++) {
			if (pass < count && !later_legal(l.step[pass].later[c], later_of(&l, pass + 1, c), &quant[c]))
				return -EINVAL;
			kg_rfx_scale_init(&l.scale[pass][c], &quant[c], later_of(&l, pass, c));
		}
	}
	*ladder = l;
	return 0;
}

void kg_progressive_ladder_simple(struct kg_progressive_ladder *ladder)
{
	const struct kg_rfx_quant usual = KG_RFX_QUANT_DEFAULT, quant[3] = { usual, usual, usual };
	int r = kg_progressive_ladder_init(ladder, quant, NULL, 0);

	assert(r == 0);
	(void)r;
}

void kg_progressive_ladder_fine(struct kg_progressive_ladder *ladder)
{
	static const struct kg_rfx_quant finest = { { 6, 6, 6, 6, 6, 6, 6, 6, 6, 6 } };
	static const struct kg_progressive_step steps[] = {
		{ 25, { { 4, 4, 5, 3, 3, 4, 2, 2, 3, 1 }, { 5, 5, 6, 4, 4, 5, 3, 3, 4, 2 }, { 5, 5, 6, 4, 4, 5, 3, 3, 4, 2 } } },
		{ 50, { { 3, 3, 4, 2, 2, 3, 1, 1, 2, 0 }, { 4, 4, 5, 3, 3, 4, 2, 2, 3, 1 }, { 4, 4, 5, 3, 3, 4, 2, 2, 3, 1 } } },
		{ 75, { { 1, 1, 2, 1, 1, 1, 0, 0, 1, 0 }, { 2, 2, 3, 1, 1, 2, 1, 1, 1, 0 }, { 2, 2, 3, 1, 1, 2, 1, 1, 1, 0 } } },
	};
	const struct kg_rfx_quant quant[3] = { finest, finest, finest };
	int r = kg_progressive_ladder_init(ladder, quant, steps, KG_ARRAY_SIZE(steps));

	assert(r == 0);
	(void)r;
}

/* ---- blocks of tiles ---- */

static void write_place(struct kg_writer *to, const struct kg_progressive_tile *tile)
{
	for (uint8_t component = 0; component < COMPONENTS; component++)
		kg_write_u8(to, component);	// its entry in the region's table
	kg_write_u16(to, tile->x);
	kg_write_u16(to, tile->y);
}

/* A block that does not fit leaves nothing behind. */
static bool finish_block(struct kg_writer *to, const struct kg_writer *before)
{
	if (kg_writer_ok(to))
		return true;
	*to = *before;
	return false;
}

static bool write_values(struct kg_writer *to, const struct kg_progressive_tile *tile, const struct kg_rfx_list *lists,
			 bool simple, uint8_t flags)
{
	const struct kg_writer before = *to;
	uint32_t size = lists[0].size + lists[1].size + lists[2].size;

	rfx_write_block(to, simple ? BLOCK_TILE_SIMPLE : BLOCK_TILE_FIRST, size + (simple ? 22 : 23));
	write_place(to, tile);
	kg_write_u8(to, flags);
	if (!simple)
		kg_write_u8(to, tile->to);
	for (int c = 0; c < COMPONENTS; c++)
		kg_write_u16(to, (uint16_t)lists[c].size);
	kg_write_u16(to, 0);		// no tail
	for (int c = 0; c < COMPONENTS; c++)
		kg_write_bytes(to, lists[c].bytes, lists[c].size);
	return finish_block(to, &before);
}

static bool write_upgrade(struct kg_writer *to, const struct kg_progressive_tile *tile, bool full,
			  const struct kg_rfx_list *lists)
{
	const struct kg_writer before = *to;
	uint32_t all = 0;

	for (int c = 0; c < COMPONENTS; c++)
		all += lists[c].size + lists[c].raw;
	rfx_write_block(to, BLOCK_TILE_UPGRADE, all + 26);
	write_place(to, tile);
	kg_write_u8(to, full ? FULL_QUALITY : tile->to);
	for (int c = 0; c < COMPONENTS; c++) {
		kg_write_u16(to, (uint16_t)lists[c].size);
		kg_write_u16(to, (uint16_t)lists[c].raw);
	}
	for (int c = 0; c < COMPONENTS; c++) {
		kg_write_bytes(to, lists[c].bytes, lists[c].size);
		kg_write_bytes(to, lists[c].bytes + KG_UPGRADE_SRL, lists[c].raw);
	}
	return finish_block(to, &before);
}

static struct kg_rfx_tile rfx_tile(const struct kg_progressive_tile *tile, const uint8_t *pixels,
				   const struct kg_rfx_scale *scale)
{
	return (struct kg_rfx_tile){ pixels, tile->stride, tile->width, tile->height, scale };
}

/*
 * values become their differences to before, which is better where more of them are 0 (3.2.8.1.4). Not where the client's
 * arithmetic of 16 bits could not hold one.
 */
static bool difference(int16_t *values, const int16_t *before, const struct kg_progressive_ladder *ladder,
		       enum kg_rfx_wavelet wavelet)
{
	uint32_t original = 0, different = 0;

	for (int c = 0; c < COMPONENTS; c++)
		for (int band = 0; band < KG_RFX_BANDS; band++) {
			int greatest = INT16_MAX >> (ladder->quant[c].step[band] - 1);

			greatest = KG_MIN(greatest, kg_rfx_value_max[band] / (band == KG_LL3 ? 2 : 1));	// which is coded as differences
			for (int i = kg_rfx_start[wavelet][band]; i < kg_rfx_start[wavelet][band + 1]; i++) {
				int at = c * KG_RFX_VALUES + i, value = values[at] - before[at];

				if (value > greatest || value < -greatest)
					return false;
				original += values[at] != 0;
				different += value != 0;
			}
		}
	if (different >= original)
		return false;
	for (int i = 0; i < COMPONENTS * KG_RFX_VALUES; i++)
		values[i] = (int16_t)(values[i] - before[i]);
	return true;
}

/* A complete tile of which the client has the pixels before. */
static bool write_again(const struct kg_dsp *dsp, struct kg_rfx_batch *batch, const struct kg_progressive_ladder *ladder,
			enum kg_rfx_wavelet wavelet, struct kg_progressive_tile *tile, struct kg_writer *to)
{
	const struct kg_rfx_tile now = rfx_tile(tile, tile->pixels, ladder->scale[ladder->count]);
	const struct kg_rfx_tile then = rfx_tile(tile, tile->before, ladder->scale[ladder->count]);
	int16_t *values = batch->values, *before = values + COMPONENTS * KG_RFX_VALUES;
	struct kg_rfx_list *lists[COMPONENTS];
	bool clamped_before = kg_rfx_values(dsp, batch, &then, wavelet, before), differs;

	tile->overflows = kg_rfx_values(dsp, batch, &now, wavelet, values);
	differs = !clamped_before && !tile->overflows && difference(values, before, ladder, wavelet);
	for (int c = 0; c < COMPONENTS; c++) {
		lists[c] = &batch->lists[c];
		dsp->rfx_pack(values + c * KG_RFX_VALUES, kg_rfx_start[wavelet][KG_LL3], lists[c]);
	}
	dsp->rfx_rlgr[KG_RFX_RLGR1](lists, COMPONENTS, batch->scratch);
	return write_values(to, tile, batch->lists, true, differs ? TILE_DIFFERENCE : 0);
}

/* Stages 1 and 2 of count new tiles, which may be of different passes. */
static void encode_new(const struct kg_dsp *dsp, struct kg_rfx_batch *batch, const struct kg_progressive_ladder *ladder,
		       enum kg_rfx_wavelet wavelet, const struct kg_progressive_tile *tiles, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		assert(tiles[i].to <= ladder->count);
		batch->tiles[i] = rfx_tile(&tiles[i], tiles[i].pixels, ladder->scale[tiles[i].to]);
	}
	kg_rfx_encode(dsp, batch, batch->tiles, count, wavelet, KG_RFX_RLGR1);
}

/* The same of upgrades. */
static void encode_upgrades(const struct kg_dsp *dsp, struct kg_rfx_batch *batch, const struct kg_progressive_ladder *ladder,
			    enum kg_rfx_wavelet wavelet, const struct kg_progressive_tile *tiles, uint32_t count)
{
	assert(wavelet == KG_RFX_EXTRAPOLATE);
	for (uint32_t i = 0; i < count; i++) {
		assert(tiles[i].from < tiles[i].to && tiles[i].to <= ladder->count);
		batch->tiles[i] = rfx_tile(&tiles[i], tiles[i].pixels, ladder->scale[tiles[i].to]);
	}
	kg_rfx_lists(dsp, batch, batch->tiles, count, wavelet);
	for (uint32_t i = 0; i < count; i++) {
		struct kg_upgrade passes[COMPONENTS];
		uint8_t bits[COMPONENTS][KG_RFX_BANDS];

		for (int c = 0; c < COMPONENTS; c++) {
			const uint8_t *from = later_of(ladder, tiles[i].from, c), *to = later_of(ladder, tiles[i].to, c);

			for (int band = 0; band < KG_RFX_BANDS; band++)
				bits[c][band] = from[band] - to[band];
			passes[c] = (struct kg_upgrade){ kg_rfx_start[wavelet], KG_RFX_BANDS, bits[c] };
		}
		kg_upgrade_split(dsp, batch, i, passes);
	}
	kg_rfx_sort(batch, count);
	dsp->upgrade_srl(batch->order, COMPONENTS * count, batch->scratch);
}

/* What tiles of a batch have in common. */
enum way { WAY_NEW, WAY_AGAIN, WAY_UPGRADE };

static enum way way_of(const struct kg_progressive_tile *tile, const struct kg_progressive_ladder *ladder)
{
	if (tile->from != KG_PROGRESSIVE_NEW)
		return WAY_UPGRADE;
	return tile->before && tile->to == ladder->count ? WAY_AGAIN : WAY_NEW;
}

/* How many tiles from the first on go through a batch: not more than one that may become a difference. */
static uint32_t alike(const struct kg_progressive_tile *tiles, uint32_t count, const struct kg_progressive_ladder *ladder)
{
	enum way way = way_of(tiles, ladder);
	uint32_t n = 1;

	while (n < count && way != WAY_AGAIN && way_of(&tiles[n], ladder) == way)
		n++;
	return n;
}

uint32_t kg_progressive_tiles(const struct kg_dsp *dsp, struct kg_rfx_batch *batch,
			      const struct kg_progressive_ladder *ladder, enum kg_rfx_wavelet wavelet,
			      struct kg_progressive_tile *tiles, uint32_t count, struct kg_writer *to)
{
	uint32_t done = 0;

	while (done < count) {
		struct kg_progressive_tile *first = tiles + done;
		uint32_t n = alike(first, KG_MIN(count - done, batch->capacity), ladder);
		enum way way = way_of(first, ladder);

		if (way == WAY_AGAIN) {
			if (!write_again(dsp, batch, ladder, wavelet, first, to))
				return done;
			done++;
			continue;
		}
		(way == WAY_UPGRADE ? encode_upgrades : encode_new)(dsp, batch, ladder, wavelet, first, n);
		for (uint32_t i = 0; i < n; i++, done++) {
			const struct kg_rfx_list *lists = batch->lists + COMPONENTS * i;
			bool full = first[i].to == ladder->count;

			first[i].overflows = batch->overflows[i];
			if (!(way == WAY_UPGRADE ? write_upgrade(to, &first[i], full, lists)
						 : write_values(to, &first[i], lists, full, 0)))
				return done;
		}
	}
	return done;
}

/* ---- the region ---- */

/* RFX_COMPONENT_CODEC_QUANT */
static void write_bands(struct kg_writer *to, const uint8_t *bands)
{
	static const uint8_t order[KG_RFX_BANDS] = { KG_LL3, KG_HL3, KG_LH3, KG_HH3, KG_HL2,
						     KG_LH2, KG_HH2, KG_HL1, KG_LH1, KG_HH1 };

	rfx_write_bands(to, bands, order);
}

enum { REGION_COUNT_AT = 12, REGION_SIZE_AT = 14 };	// from the start of the block

void kg_progressive_begin(struct kg_progressive *region, struct kg_writer *to, const struct kg_progressive_ladder *ladder,
			  enum kg_rfx_wavelet wavelet, bool new_context, uint32_t frame, const struct kg_rect *rects,
			  uint32_t rect_count)
{
	assert(rect_count >= 1 && rect_count <= UINT16_MAX);
	if (new_context) {
		rfx_write_block(to, BLOCK_SYNC, 12);
		kg_write_u32(to, 0xcaccacca);
		kg_write_u16(to, 0x0100);	// version 1.0
		rfx_write_block(to, BLOCK_CONTEXT, 10);
		kg_write_u8(to, 0);
		kg_write_u16(to, KG_RFX_TILE);
		kg_write_u8(to, SUBBAND_DIFFING);
	}
	rfx_write_block(to, BLOCK_FRAME_BEGIN, 12);
	kg_write_u32(to, frame);
	kg_write_u16(to, 1);			// region

	*region = (struct kg_progressive){ .to = to, .region = kg_writer_size(to) };
	rfx_write_block(to, BLOCK_REGION, 0);
	kg_write_u8(to, KG_RFX_TILE);
	kg_write_u16(to, (uint16_t)rect_count);
	kg_write_u8(to, COMPONENTS);
	kg_write_u8(to, (uint8_t)ladder->count);
	kg_write_u8(to, wavelet == KG_RFX_EXTRAPOLATE ? REDUCE_EXTRAPOLATE : 0);
	kg_write_u16(to, 0);
	kg_write_u32(to, 0);
	rfx_write_rects(to, rects, rect_count);
	for (int c = 0; c < COMPONENTS; c++)
		write_bands(to, ladder->quant[c].step);
	for (unsigned pass = 0; pass < ladder->count; pass++) {
		kg_write_u8(to, ladder->step[pass].quality);
		for (int c = 0; c < COMPONENTS; c++)
			write_bands(to, ladder->step[pass].later[c]);
	}
	region->tiles_at = kg_writer_size(to);
}

void kg_progressive_add(struct kg_progressive *region, const uint8_t *blocks, size_t size, uint32_t count)
{
	kg_write_bytes(region->to, blocks, size);
	region->tiles += count;
}

int kg_progressive_end(struct kg_progressive *region)
{
	struct kg_writer *to = region->to;
	size_t end = kg_writer_size(to);

	if (!region->tiles || region->tiles > UINT16_MAX)
		return -EINVAL;
	rfx_write_block(to, BLOCK_FRAME_END, 6);
	if (!kg_writer_ok(to) || end > UINT32_MAX)
		return -ENOSPC;
	kg_write_at(to, region->region + 2, end - region->region, 4);
	kg_write_at(to, region->region + REGION_COUNT_AT, region->tiles, 2);
	kg_write_at(to, region->region + REGION_SIZE_AT, end - region->tiles_at, 4);
	return 0;
}
