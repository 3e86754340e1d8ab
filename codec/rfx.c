/* RemoteFX over a batch of tiles: the way from pixels to the bytes of components, and what quantisation needs. */
#include "codec/rfx.h"

#include "codec/dsp.h"

#include <assert.h>

/* Coefficients are in units of 1/16 here and of 1/32 in a decoder. */
#define SHIFT_LESS 2

/* The part of a step by which the threshold lies above its half, in 1/32, by level. Tried with text and pictures. */
static const uint8_t dead[3] = { 5, 5, 7 };

bool kg_rfx_quant_legal(const struct kg_rfx_quant *quant)
{
	for (int band = 0; band < KG_RFX_BANDS; band++)
		if (quant->step[band] < KG_RFX_STEP_MIN || quant->step[band] > KG_RFX_STEP_MAX)
			return false;
	return true;
}

void kg_rfx_scale_init(struct kg_rfx_scale *scale, const struct kg_rfx_quant *quant, const uint8_t *later)
{
	assert(kg_rfx_quant_legal(quant));
	*scale = (struct kg_rfx_scale){ .plain = true };
	for (int band = 0; band < KG_RFX_BANDS; band++) {
		int left = later ? later[band] : 0, shift = quant->step[band] - SHIFT_LESS, all = shift + left;
		int step = 1 << shift, half = step / 2, whole = 1 << KG_MIN(all, 15);

		assert(band != KG_LL3 || quant->step[band] + left <= KG_RFX_STEP_MAX);
		if (band != KG_LL3)
			scale->threshold[band] = (int16_t)(half + (step * dead[band / 3] + 16) / 32);
		if (all > 14) {
			scale->threshold[band] = INT16_MAX;	// which no coefficient reaches
			continue;
		}
		scale->multiplier[band] = (int16_t)(1 << (15 - all));
		scale->less[band] = (int16_t)(whole / 2 - half);
		scale->plain &= !left;
	}
	scale->high = (int16_t)(INT16_MAX >> (quant->step[KG_LL3] - 1 + (later ? later[KG_LL3] : 0)));
	scale->low = (int16_t)(-scale->high - 1);
}

/* ---- memory ---- */

#define ALIGN 64

/* Odd multiples of a cache line, so that what several lists hold at the same place lies in different sets of the cache. */
#define POSITION_SIZE ((KG_RFX_LIST_FRONT + KG_RFX_LIST_ROOM) * 2 + 64)
#define VALUE_SIZE POSITION_SIZE
#define BYTES_SIZE (KG_RFX_BYTES + 320)
#define VALUE_AWAY 2112		// positions and values of a list lie at different offsets within 4 KB
#define PADDED_SIZE (KG_RFX_TILE * KG_RFX_TILE * 4)
#define VALUES_SIZE (2 * 3 * KG_RFX_VALUES * 2)

size_t kg_rfx_batch_size(uint32_t capacity)
{
	size_t one = 3 * (POSITION_SIZE + VALUE_SIZE + BYTES_SIZE + sizeof(struct kg_rfx_list) +
			  sizeof(struct kg_rfx_list *)) + sizeof(struct kg_rfx_tile) + sizeof(bool);

	if (!capacity || capacity > KG_RFX_BATCH_MAX)
		return 0;
	return ALIGN + KG_RFX_SCRATCH + PADDED_SIZE + VALUES_SIZE + VALUE_AWAY + POSITION_SIZE + VALUE_SIZE +
	       capacity * one;
}

uint32_t kg_rfx_share(uint32_t count, uint32_t threads, uint32_t most)
{
	uint32_t batches = (count - 1) / most + 1, threads_used = KG_MIN(threads, count / KG_RFX_SHARE_LEAST);

	if (threads_used > 1)
		batches = (batches + threads_used - 1) / threads_used * threads_used;
	return (count - 1) / batches + 1;
}

void kg_rfx_batch_init(struct kg_rfx_batch *batch, void *memory, uint32_t capacity)
{
	uint8_t *at = (uint8_t *)(((uintptr_t)memory + ALIGN - 1) / ALIGN * ALIGN);
	size_t count = 3 * (size_t)capacity;
	uint8_t *positions, *values, *bytes;

	batch->capacity = capacity;
	batch->scratch = at;
	at += KG_RFX_SCRATCH;
	batch->padded = at;
	at += PADDED_SIZE;
	batch->values = (int16_t *)at;
	at += VALUES_SIZE;
	positions = at;
	at += (count + 1) * POSITION_SIZE + VALUE_AWAY;
	values = at;
	at += (count + 1) * VALUE_SIZE;
	bytes = at;
	at += count * BYTES_SIZE;
	batch->lists = (struct kg_rfx_list *)at;
	at += count * sizeof(struct kg_rfx_list);
	batch->order = (struct kg_rfx_list **)at;
	at += count * sizeof(struct kg_rfx_list *);
	batch->tiles = (struct kg_rfx_tile *)at;
	at += capacity * sizeof(struct kg_rfx_tile);
	batch->overflows = (bool *)at;
	for (size_t i = 0; i <= count; i++)
		*(i < count ? &batch->lists[i] : &batch->spare) = (struct kg_rfx_list){
			.position = (uint16_t *)(positions + i * POSITION_SIZE) + KG_RFX_LIST_FRONT,
			.value = (int16_t *)(values + i * VALUE_SIZE) + KG_RFX_LIST_FRONT,
			.bytes = i < count ? bytes + i * BYTES_SIZE : NULL,
		};
}

/* ---- the stages ---- */

/* The pixels of a tile as rows of 64: the tile's own, or a copy with its last column repeated. */
static const uint8_t *pad(const struct kg_rfx_tile *tile, uint8_t *padded, size_t *stride)
{
	assert(tile->width >= 1 && tile->width <= KG_RFX_TILE && tile->height >= 1 && tile->height <= KG_RFX_TILE);
	*stride = tile->stride;
	if (tile->width == KG_RFX_TILE)
		return tile->pixels;
	*stride = KG_RFX_TILE * 4;
	for (uint32_t y = 0; y < tile->height; y++) {
		uint8_t *row = padded + y * *stride, *last = row + tile->width * 4 - 4;

		memcpy(row, tile->pixels + y * tile->stride, tile->width * 4);
		for (uint32_t x = tile->width; x < KG_RFX_TILE; x++)
			memcpy(row + x * 4, last, 4);
	}
	return padded;
}

/* Longest first, roughly: lanes that work side by side should end together. */
void kg_rfx_sort(struct kg_rfx_batch *batch, uint32_t count)
{
	enum { STEP = 64, BUCKETS = KG_RFX_VALUES / STEP + 1 };
	uint32_t start[BUCKETS + 1] = { 0 };

	for (uint32_t i = 0; i < 3 * count; i++)
		start[BUCKETS - batch->lists[i].count / STEP]++;
	for (uint32_t bucket = 1; bucket <= BUCKETS; bucket++)
		start[bucket] += start[bucket - 1];
	for (uint32_t i = 3 * count; i-- > 0;)
		batch->order[--start[BUCKETS - batch->lists[i].count / STEP]] = &batch->lists[i];
}

void kg_rfx_lists(const struct kg_dsp *dsp, struct kg_rfx_batch *batch, const struct kg_rfx_tile *tiles, uint32_t count,
		  enum kg_rfx_wavelet wavelet)
{
	assert(count <= batch->capacity);
	for (uint32_t i = 0; i < count; i++) {
		size_t stride;
		const uint8_t *pixels = pad(&tiles[i], batch->padded, &stride);

		batch->overflows[i] = dsp->rfx_lists[wavelet](pixels, stride, tiles[i].height, tiles[i].scale,
							      batch->lists + 3 * i, batch->scratch);
	}
}

void kg_rfx_encode(const struct kg_dsp *dsp, struct kg_rfx_batch *batch, const struct kg_rfx_tile *tiles, uint32_t count,
		   enum kg_rfx_wavelet wavelet, enum kg_rfx_coder coder)
{
	kg_rfx_lists(dsp, batch, tiles, count, wavelet);
	kg_rfx_sort(batch, count);
	dsp->rfx_rlgr[coder](batch->order, 3 * count, batch->scratch);
}

bool kg_rfx_values(const struct kg_dsp *dsp, struct kg_rfx_batch *batch, const struct kg_rfx_tile *tile,
		   enum kg_rfx_wavelet wavelet, int16_t *values)
{
	size_t stride;
	const uint8_t *pixels = pad(tile, batch->padded, &stride);

	return dsp->rfx_values[wavelet](pixels, stride, tile->height, tile->scale, values, batch->scratch);
}
