/*
 * A keyed 128-bit hash of a tile's pixels, X ignored: equal hashes mean equal pixels, so the client's cache is addressed
 * by it and no pixels are kept to compare.
 *
 * Why nobody can make two tiles collide: the hash is universal, so the bound below is a theorem and rests on no unbroken
 * cipher. It is UMAC's NH with four Toeplitz rounds (Black, Halevi, Krawczyk, Krovetz and Rogaway 1999, with
 * words of 32 bits) over the 24-bit pixels, then a multilinear hash of the four sums and the size (Lemire and Kaser 2014;
 * each half has a key of its own). For any two tiles that differ, chosen without knowing the key, the
 * probability over keys that they collide is at most 2^-128 of the first stage plus 2^-128 of the second. A guest learns
 * nothing about the key, for it sees no hash; a collision would be the first thing it sees. Even 2^40 tiles in a year
 * against 2^15 cached ones leave less than 2^-70.
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

/* One for each desktop. Any bytes are a key: fill all of it with random ones, and wipe it with explicit_bzero. */
struct kg_hash_key {
	uint32_t words[KG_TILE * KG_HASH_ROW + (KG_HASH_ROUNDS - 1) * KG_HASH_SHIFT];
	uint64_t last[2][KG_HASH_ROUNDS + 2][2];	// for each half of the hash, keys of 128 bits
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
