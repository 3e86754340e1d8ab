/*
 * Bounded reading of little-endian bytes. Every byte of a peer is read through it.
 * A read beyond the end gives zeros and marks the reader as failed; check kg_reader_ok() once after a group of reads and
 * before using a value as a size.
 */
#pragma once

#include "base/base.h"

struct kg_reader {
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
};

static inline struct kg_reader kg_reader_of(const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	return (struct kg_reader){ .at = at, .end = size ? at + size : at };
}

static inline bool kg_reader_ok(const struct kg_reader *reader)
{
	return !reader->failed;
}

static inline size_t kg_reader_left(const struct kg_reader *reader)
{
	return (size_t)(reader->end - reader->at);
}

/* The next size bytes in place, or NULL (and failed). */
static inline const uint8_t *kg_read_bytes(struct kg_reader *reader, size_t size)
{
	const uint8_t *at = reader->at;

	if (reader->failed || size > kg_reader_left(reader)) {
		reader->failed = true;
		return NULL;
	}
	reader->at += size;
	return at;
}

static inline uint64_t kg_read_le_(struct kg_reader *reader, size_t size)
{
	const uint8_t *at = kg_read_bytes(reader, size);
	uint64_t value = 0;

	for (size_t i = 0; at && i < size; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

static inline uint8_t kg_read_u8(struct kg_reader *reader)
{
	return (uint8_t)kg_read_le_(reader, 1);
}

static inline uint16_t kg_read_u16(struct kg_reader *reader)
{
	return (uint16_t)kg_read_le_(reader, 2);
}

static inline uint32_t kg_read_u32(struct kg_reader *reader)
{
	return (uint32_t)kg_read_le_(reader, 4);
}

static inline uint64_t kg_read_u64(struct kg_reader *reader)
{
	return kg_read_le_(reader, 8);
}

static inline void kg_read_skip(struct kg_reader *reader, size_t size)
{
	(void)kg_read_bytes(reader, size);
}

/* A reader of the next size bytes; empty and failed when there are fewer. */
static inline struct kg_reader kg_read_part(struct kg_reader *reader, size_t size)
{
	const uint8_t *at = kg_read_bytes(reader, size);
	struct kg_reader part = kg_reader_of(at, at ? size : 0);

	part.failed = !at;
	return part;
}
