/*
 * How a message set is written: a table with one row per message. A channel looks every received message up and refuses
 * what the table does not allow there: the wrong direction, phase, size or number of descriptors.
 *
 * A message on the wire is struct kg_message_head, then its fixed struct, then (where max > min) a tail of bytes. Structs are
 * fixed, little-endian and without padding; all fields are still values of a peer and checked by whoever handles them.
 */
#pragma once

#include "base/base.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "messages are little-endian structs");

#define KG_WIRE __attribute__((packed))

/* The two ends of a channel, as the set's header names them. */
enum kg_side { KG_SIDE_A = 1, KG_SIDE_B = 2 };

struct kg_message_type {
	uint16_t id;
	const char *name;
	enum kg_side from;
	unsigned phases;	// bits, as the set's header names them
	uint32_t min, max;	// size of the body in bytes
	bool fd;		// carries exactly one descriptor; otherwise none
};

struct kg_message_set {
	const char *name;
	const struct kg_message_type *types;
	size_t count;
};

struct kg_message_head {
	uint16_t id;
	uint16_t zero;
} KG_WIRE;

/* A row: fixed struct only, with a tail of at most tail bytes, without a body; and those that carry a descriptor. */
#define KG_MESSAGE(i, side, phase, type) KG_MESSAGE_TAIL(i, side, phase, type, 0)
#define KG_MESSAGE_TAIL(i, side, phase, type, tail)                                                                    \
	{                                                                                                              \
		.id = i, .name = #i, .from = side, .phases = phase, .min = sizeof(type), .max = sizeof(type) + (tail), \
	}
#define KG_MESSAGE_EMPTY(i, side, phase) { .id = i, .name = #i, .from = side, .phases = phase }
#define KG_MESSAGE_FD(i, side, phase, type)                                                                            \
	{                                                                                                              \
		.id = i, .name = #i, .from = side, .phases = phase, .min = sizeof(type), .max = sizeof(type),          \
		.fd = true,                                                                                            \
	}
#define KG_MESSAGE_EMPTY_FD(i, side, phase) { .id = i, .name = #i, .from = side, .phases = phase, .fd = true }

/* The row of an id, NULL when there is none. */
const struct kg_message_type *kg_message_type_find(const struct kg_message_set *set, uint16_t id);

/* The longest message of a set, with the head. */
size_t kg_message_set_size_max(const struct kg_message_set *set);

/*
 * What the table has against a message that side receives in phase: one sentence, or NULL when it is allowed. *ret: its
 * row, where there is one, also when it is refused.
 */
const char *kg_message_refusal(const struct kg_message_set *set, enum kg_side side, unsigned phase, const void *bytes,
			       size_t size, size_t fd_count, const struct kg_message_type **ret);
