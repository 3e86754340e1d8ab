/*
 * A keyed 128-bit hash of a tile's pixels, X ignored: equal hashes mean equal pixels, so the client's cache is addressed
 * by it and no pixels are kept to compare.
 *
 * Why nobody can make two tiles collide: the hash is universal, so the bound below is a theorem and rests on no unbroken
 * cipher. The first stage is multilinear hashing over words of 16 bits (Carter and Wegman 1979, Lemire and Kaser 2014),
 * modulo 2^32: when a word differs by d, 0 < |d| < 2^16, its products with the 2^16 keys differ by as many values, so any
 * given difference of a sum has a probability of at most 2^-16. Four rounds with a key that is shifted by some words
 * (Toeplitz; Krawczyk 1994) make that 2^-64: in each round the last word that differs meets a key that met nothing that
 * differs in the rounds before.
 * For 2^-128 the tile is encoded first (Nandi 2014): eight parts, each of KG_HASH_ROWS rows, and as a ninth one the
 * exclusive or of them, each with keys of its own. Tiles of one size that differ do so in two of the nine parts at least.
 * For each round the parts' sums A(p) come together as two whole numbers, the sum of A(p) and that of (9 - p) A(p). If both
 * are equal for two tiles, then, whatever the other parts' sums are, two parts that differ each have one given difference:
 * 2^-64 times 2^-64.
 * The second stage is a multilinear hash of these eight numbers and the size, strongly universal, where each half of 64
 * bits has a key of its own. For any two tiles that differ, chosen without knowing the key, the probability over keys that
 * they collide is thus at most 2^-128 of the first stage plus 2^-128 of the second. A guest learns nothing about the key,
 * for it sees no hash; a collision would be the first thing it sees. Even 2^40 tiles in a year against 2^15 cached ones
 * leave less than 2^-70.
 *
 * The hash is no message authentication code: its bits are linear in the key. They must not leave the process, not even as
 * the cacheKey of a SURFACE_TO_CACHE message.
 */
#pragma once

#include "codec/image.h"
#include "codec/tile.h"

struct kg_dsp;

#define KG_HASH_ROW 48		// words of 32 bits that hold the colours of 64 pixels
#define KG_HASH_SHIFT 16	// words from round to round
#define KG_HASH_ROUNDS 4
#define KG_HASH_ROWS 8		// of a part
#define KG_HASH_PARTS (KG_TILE / KG_HASH_ROWS + 1)
/* The key of a part: a row more than it has, which the last rounds reach into. */
#define KG_HASH_PART_KEY ((KG_HASH_ROWS + 1) * KG_HASH_ROW)
#define KG_HASH_SUMS (2 * KG_HASH_ROUNDS)
_Static_assert((KG_HASH_ROUNDS - 1) * KG_HASH_SHIFT <= KG_HASH_ROW, "parts have keys of their own");

/* One for each desktop. Any bytes are a key: fill all of it with random ones, and wipe it with explicit_bzero. */
struct kg_hash_key {
	uint32_t words[KG_HASH_PARTS * KG_HASH_PART_KEY];
	uint64_t last[2][KG_HASH_SUMS + 2][2];	// for each half of the hash, keys of 128 bits
};

struct kg_hash {
	uint64_t half[2];
};

/* image is at most KG_TILE pixels wide and high, and does not change meanwhile. */
struct kg_hash kg_hash_tile(const struct kg_dsp *dsp, const struct kg_hash_key *key, const struct kg_image *image);

static inline bool kg_hash_equal(struct kg_hash a, struct kg_hash b)
{
	return a.half[0] == b.half[0] && a.half[1] == b.half[1];
}
