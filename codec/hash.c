/* The second stage of a tile's hash: its sums and the size become 128 bits. */
#include "codec/hash.h"

#include "codec/dsp.h"

#include <assert.h>

/* The upper half of k0 + sum of k(i) x(i) modulo 2^128: for 64-bit x and 128-bit k this is strongly universal. */
static uint64_t multilinear(const uint64_t (*key)[2], const uint64_t *x, unsigned count)
{
	__uint128_t sum = (__uint128_t)key[count][1] << 64 | key[count][0];

	for (unsigned i = 0; i < count; i++)
		sum += ((__uint128_t)key[i][1] << 64 | key[i][0]) * x[i];
	return (uint64_t)(sum >> 64);
}

struct kg_hash kg_hash_tile(const struct kg_dsp *dsp, const struct kg_hash_key *key, const struct kg_image *image)
{
	uint64_t x[KG_HASH_SUMS + 1] = { 0 };

	assert(image->width <= KG_TILE && image->height <= KG_TILE);
	if (image->width && image->height)
		dsp->tile_hash(image->pixels, image->stride, image->width, image->height, key->words, x);
	x[KG_HASH_SUMS] = (uint64_t)image->height << 32 | image->width;
	return (struct kg_hash){ { multilinear(key->last[0], x, KG_HASH_SUMS + 1),
				   multilinear(key->last[1], x, KG_HASH_SUMS + 1) } };
}
