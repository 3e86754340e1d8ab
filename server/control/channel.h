/*
 * A channel between two of our processes: SOCK_SEQPACKET, one message a packet, descriptors by SCM_RIGHTS. Each side treats
 * the other as hostile: a message that the set's table does not allow ends the channel (-EPROTO, logged once with the reason).
 *
 * One thread. Sending never blocks: what the socket does not take waits in a bounded queue; a peer that does not read ends the
 * channel (-ENOBUFS) when the queue is full.
 */
#pragma once

#include "server/control/table.h"

struct kg_channel;
struct kg_loop;

struct kg_message {
	const struct kg_message_type *type;
	uint16_t id;
	const void *body;	// valid during the call
	size_t size;
	int fd;			// -1, or a descriptor: whoever keeps it sets it to -1, else it is closed
};

struct kg_channel_events {
	/* A message of the peer. A negative errno ends the channel as a violation. May free the channel. */
	int (*message)(void *data, struct kg_message *message);
	/* The channel has ended: 0 when the peer closed it, or a negative errno. Not called when the owner frees it. */
	void (*ended)(void *data, int error);
};

/*
 * side: which end this is. what: names the peer in log lines; kept, not copied. fd: taken, also on failure; made
 * non-blocking. quota: the longest queue in bytes, 0 for KG_CHANNEL_QUEUE_MAX.
 */
int kg_channel_new(struct kg_channel **ret, const struct kg_message_set *set, enum kg_side side, int fd, const char *what,
		   size_t quota);
void kg_channel_free(struct kg_channel *channel);	// NULL is fine

/* The phase that received messages must allow: a bit of the set's. Starts as all bits. */
void kg_channel_set_phase(struct kg_channel *channel, unsigned phase);

/* From now on messages are read and the queue is written by the loop. */
int kg_channel_attach(struct kg_channel *channel, struct kg_loop *loop, const struct kg_channel_events *events, void *data);

/*
 * Sends a message of the set in one or two parts (fixed struct, tail). fd -1, or a descriptor that stays the caller's.
 * A message that the table does not allow from this side is -EINVAL: our own mistake.
 */
int kg_channel_send(struct kg_channel *channel, uint16_t id, const void *body, size_t size);
int kg_channel_send_tail(struct kg_channel *channel, uint16_t id, const void *body, size_t size, const void *tail,
			 size_t tail_size);
int kg_channel_send_fd(struct kg_channel *channel, uint16_t id, const void *body, size_t size, int fd);

/*
 * Sends, then waits for the message reply, at most timeout_ms. Other messages that arrive meanwhile are kept for the loop
 * (at most 64; then -EPROTO). Copies the body of the reply, of at most *size bytes, and its size. Returns 0 or a negative
 * errno: -ETIMEDOUT, -EPIPE when the peer is gone. A descriptor with the reply goes to *fd where fd is not NULL.
 */
int kg_channel_ask(struct kg_channel *channel, uint16_t id, const void *body, size_t size, const void *tail, size_t tail_size,
		   uint16_t reply, void *to, size_t *to_size, int *fd, int timeout_ms);

/* Waits for the next message, whatever it is, at most timeout_ms (-1: for ever): for programs before their loop runs.
 * Copies as kg_channel_ask() does and returns the id, or a negative errno. */
int kg_channel_wait(struct kg_channel *channel, void *to, size_t *to_size, int *fd, int timeout_ms);

/* A connected pair, both CLOEXEC. */
int kg_channel_pair(int ret[2]);
