/* The first stage of a tile's hash: the function that defines the sums. */
#include "codec/c.h"
#include "codec/hash.h"

/* The last 16 pixels lie in what would be the X bytes of the others. */
static void pack(const uint32_t row[KG_TILE], uint32_t words[KG_HASH_ROW])
{
	for (unsigned i = 0; i < 16; i++) {
		uint32_t last = row[48 + i];

		words[i] = (row[i] & 0xffffff) | last << 24;
		words[16 + i] = (row[16 + i] & 0xffffff) | (last << 16 & 0xff000000);
		words[32 + i] = (row[32 + i] & 0xffffff) | (last << 8 & 0xff000000);
	}
}

static void add_row(const uint32_t words[KG_HASH_ROW], const uint32_t *key, uint32_t part[KG_HASH_ROUNDS])
{
	int16_t w[2 * KG_HASH_ROW], k[2 * (KG_HASH_ROW + (KG_HASH_ROUNDS - 1) * KG_HASH_SHIFT)];

	memcpy(w, words, sizeof(w));
	memcpy(k, key, sizeof(k));
	for (unsigned round = 0; round < KG_HASH_ROUNDS; round++)
		for (unsigned i = 0; i < 2 * KG_HASH_ROW; i++)
			part[round] += (uint32_t)(w[i] * k[2 * KG_HASH_SHIFT * round + i]);
}

KG_TILE_HASH_FN(kg_tile_hash_c)
{
	uint32_t row[KG_TILE] = { 0 }, words[KG_HASH_ROW], folded[KG_HASH_ROWS][KG_HASH_ROW] = { 0 };

	memset(sums, 0, KG_HASH_SUMS * sizeof(*sums));
	for (unsigned p = 0; p < KG_HASH_PARTS; p++, key += KG_HASH_PART_KEY) {
		uint32_t part[KG_HASH_ROUNDS] = { 0 };

		for (unsigned i = 0; i < KG_HASH_ROWS; i++) {
			uint32_t y = p * KG_HASH_ROWS + i;

			if (p == KG_HASH_PARTS - 1) {
				add_row(folded[i], key + i * KG_HASH_ROW, part);
			} else if (y < height) {
				memcpy(row, pixels + y * stride, width * 4);
				pack(row, words);
				add_row(words, key + i * KG_HASH_ROW, part);
				for (unsigned x = 0; x < KG_HASH_ROW; x++)
					folded[i][x] ^= words[x];
			}
		}
		for (unsigned round = 0; round < KG_HASH_ROUNDS; round++) {
			sums[round] += part[round];
			sums[KG_HASH_ROUNDS + round] += sums[round];
		}
	}
}
