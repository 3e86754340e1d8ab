/*
 * A model of a network link in one direction, in virtual time: what a packet that comes at a time meets. Pure: time is
 * an argument, in nanoseconds from any beginning, and chance is seeded.
 *
 *	packet --> [ queue, limited in bytes ] --> bytes leave at the rate --> some are lost --> delay --> delivered
 *
 * What would not fit in the queue is dropped, the newest first. What is lost has used its share of the rate, as on a
 * radio link. Packets do not overtake each other.
 */
#pragma once

#include "base/base.h"

#define KG_LINK_PACKET_MAX 65535	// bytes of an IPv4 packet
#define KG_LINK_MTU 1500
#define KG_LINK_FORM "RATE,RTT,LOSS[,QUEUE]"

/* Both directions are alike. */
struct kg_link_spec {
	uint64_t rate;			// bits a second, of whole IP packets
	uint64_t rtt_ns;		// without the time in queues
	double loss;			// share of packets, 0 to 1
	uint64_t queue_size;		// bytes
};

/* Links with a name, for --help; the last has none. */
struct kg_link_kind {
	const char *name;
	const char *form;		// as kg_link_parse() takes it
	const char *what;
};
extern const struct kg_link_kind kg_link_kinds[];

/*
 * A name, or KG_LINK_FORM: bits a second with k, M or G; milliseconds, with "ms" or without; percent, with "%" or
 * without; bytes, with k or M or without. Without a queue it is that of one round trip, of 16 full packets at the
 * least. Returns 0, -EINVAL for another form, or -ERANGE for what no link is or what would hold more bytes than fit in
 * memory.
 */
int kg_link_parse(struct kg_link_spec *ret, const char *text);

struct kg_link_count {
	uint64_t packets, bytes;	// that were delivered
	uint64_t dropped;		// packets, at the queue
	uint64_t lost;			// packets, by chance
};

/* One direction. The ring holds packets that have been sent or are to be, each with the time when it arrives. */
struct kg_link {
	uint64_t rate, delay_ns, queue_size;
	uint64_t loss;			// of 2^64
	uint64_t random;		// state of the generator
	uint64_t free_ns;		// when all bytes of the queue will have left
	uint64_t remainder;		// of free_ns, in 1/rate nanoseconds
	uint8_t *ring;
	size_t ring_size, first, used;	// bytes
	struct kg_link_count count;
};

int kg_link_init(struct kg_link *link, const struct kg_link_spec *spec, uint64_t seed);
void kg_link_done(struct kg_link *link);

/*
 * A packet comes. False when it is not to be delivered. now_ns never goes back. The packets that were due before are
 * to have been taken; where they were not and there is no room for them all, this one is dropped.
 */
bool kg_link_put(struct kg_link *link, uint64_t now_ns, const void *packet, size_t size);

/* When the next packet is to be delivered; UINT64_MAX: there is none. */
uint64_t kg_link_next_ns(const struct kg_link *link);

/* The next packet, if it is due: its size, or 0. It stays as it is until the next call. */
size_t kg_link_take(struct kg_link *link, uint64_t now_ns, const uint8_t **ret);
