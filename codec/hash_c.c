/* The first stage of a tile's hash: the function that defines the sums. */
#include "codec/c.h"
#include "codec/hash.h"

KG_TILE_HASH_FN(kg_tile_hash_c)
{
	uint32_t row[KG_TILE] = { 0 }, words[KG_HASH_ROW];

	memset(sums, 0, KG_HASH_ROUNDS * sizeof(*sums));
	for (uint32_t y = 0; y < height; y++, key += KG_HASH_ROW) {
		memcpy(row, pixels + y * stride, width * 4);
		/* The last 16 pixels lie in what would be the X bytes of the others. */
		for (unsigned i = 0; i < 16; i++) {
			uint32_t last = row[48 + i];

			words[i] = (row[i] & 0xffffff) | last << 24;
			words[16 + i] = (row[16 + i] & 0xffffff) | (last << 16 & 0xff000000);
			words[32 + i] = (row[32 + i] & 0xffffff) | (last << 8 & 0xff000000);
		}
		for (unsigned round = 0; round < KG_HASH_ROUNDS; round++) {
			const uint32_t *k = key + round * KG_HASH_SHIFT;

			for (unsigned i = 0; i < KG_HASH_ROW; i += 2)
				sums[round] += (uint64_t)(words[i] + k[i]) * (words[i + 1] + k[i + 1]);
		}
	}
}
