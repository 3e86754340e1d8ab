/*
 * FreeRDP's encoders and decoders: what ours are compared with, and what proves that ours are understood. The only file of
 * bench/ that includes FreeRDP. One thread.
 */
#pragma once

#include "codec/image.h"

enum kg_oracle_kind {
	KG_ORACLE_NONE,
	KG_ORACLE_PLANAR,	// by tiles of 64x64
	KG_ORACLE_PROGRESSIVE,
	KG_ORACLE_RLGR1,	// classic RemoteFX
	KG_ORACLE_RLGR3,
	KG_ORACLE_CLEAR,	// decodes only
	KG_ORACLE_ZGFX,		// encodes without compression
};

struct kg_oracle;

int kg_oracle_new(struct kg_oracle **ret, enum kg_oracle_kind kind, uint32_t width, uint32_t height);
void kg_oracle_free(struct kg_oracle *oracle);		// NULL is fine

/*
 * Encodes a picture of the oracle's size; the size in bytes, 0 where FreeRDP has no such encoder or fails. The bytes are
 * kept for kg_oracle_own_quality().
 */
size_t kg_oracle_encode(struct kg_oracle *oracle, const struct kg_image *image);

/* For KG_ORACLE_ZGFX: the same with any bytes. */
size_t kg_oracle_encode_bytes(struct kg_oracle *oracle, const uint8_t *bytes, size_t size);

/* Decodes a message onto what was decoded before; x, y, width, height: where it belongs. False when it is refused. */
bool kg_oracle_decode(struct kg_oracle *oracle, const uint8_t *bytes, size_t size, uint32_t x, uint32_t y, uint32_t width,
		      uint32_t height);

/* For KG_ORACLE_ZGFX: true when the message becomes exactly the bytes expected. */
bool kg_oracle_decodes_to(struct kg_oracle *oracle, const uint8_t *bytes, size_t size, const uint8_t *expected,
			  size_t expected_size);

/* PSNR of what was decoded against image in dB, over blue, green and red; INFINITY when it is equal. */
double kg_oracle_quality(const struct kg_oracle *oracle, const struct kg_image *image);

/* The same of what kg_oracle_encode() made last, by a decoder that saw nothing before; NAN when that is not known. */
double kg_oracle_own_quality(struct kg_oracle *oracle, const struct kg_image *image);
