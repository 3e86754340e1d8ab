/*
 * Bounded writing of little-endian bytes into memory of the caller. A write beyond the end writes nothing and marks the
 * writer as failed; check kg_writer_ok() once at the end.
 */
#pragma once

#include "base/base.h"

struct kg_writer {
	uint8_t *start;
	uint8_t *at;
	uint8_t *end;
	bool failed;
};

static inline struct kg_writer kg_writer_of(void *bytes, size_t size)
{
	uint8_t *start = bytes;

	return (struct kg_writer){ .start = start, .at = start, .end = size ? start + size : start };
}

static inline bool kg_writer_ok(const struct kg_writer *writer)
{
	return !writer->failed;
}

static inline size_t kg_writer_size(const struct kg_writer *writer)	// written so far
{
	return (size_t)(writer->at - writer->start);
}

static inline size_t kg_writer_room(const struct kg_writer *writer)
{
	return writer->failed ? 0 : (size_t)(writer->end - writer->at);
}

/* Room for size bytes that the caller fills, or NULL (and failed). */
static inline uint8_t *kg_write_space(struct kg_writer *writer, size_t size)
{
	uint8_t *at = writer->at;

	if (writer->failed || size > (size_t)(writer->end - at)) {
		writer->failed = true;
		return NULL;
	}
	writer->at += size;
	return at;
}

static inline void kg_write_bytes(struct kg_writer *writer, const void *bytes, size_t size)
{
	uint8_t *at = kg_write_space(writer, size);

	if (at && size)
		memcpy(at, bytes, size);
}

static inline void kg_write_zeros(struct kg_writer *writer, size_t size)
{
	uint8_t *at = kg_write_space(writer, size);

	if (at && size)
		memset(at, 0, size);
}

static inline void kg_write_le_(struct kg_writer *writer, uint64_t value, size_t size)
{
	uint8_t *at = kg_write_space(writer, size);

	for (size_t i = 0; at && i < size; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

/* What is known at the end only, into size bytes that were written at offset before. */
static inline void kg_write_at(struct kg_writer *writer, size_t offset, uint64_t value, size_t size)
{
	struct kg_writer place = kg_writer_of(writer->start + offset, size);

	kg_write_le_(&place, value, size);
}

static inline void kg_write_u8(struct kg_writer *writer, uint8_t value)
{
	kg_write_le_(writer, value, 1);
}

static inline void kg_write_u16(struct kg_writer *writer, uint16_t value)
{
	kg_write_le_(writer, value, 2);
}

static inline void kg_write_u32(struct kg_writer *writer, uint32_t value)
{
	kg_write_le_(writer, value, 4);
}

static inline void kg_write_u64(struct kg_writer *writer, uint64_t value)
{
	kg_write_le_(writer, value, 8);
}
