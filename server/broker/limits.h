/*
 * How many may do what, and how often: pure, the time is an argument.
 *
 * A connection is half open until its first bytes have come: that costs a descriptor, and when there are too many the oldest
 * one of the same address (else the oldest of all) is closed, so that a flood cannot keep anybody out. With its first bytes
 * it becomes a handshake: that costs two processes, and is admitted or refused; from early_drop on refusal is random, with a
 * probability that grows up to certainty at handshakes. After the log-in it is a session.
 *
 *	accept ──► half open ──bytes──► [slowed ──►] handshake ──log-in──► session ──► ended
 *
 * IPv4 addresses count one by one, IPv6 by /64.
 */
#pragma once

#include "base/base.h"

struct sockaddr;

struct kg_address {
	uint8_t bytes[16];	// IPv4 mapped into IPv6; the lower half of IPv6 is zero
};

struct kg_limits_settings {
	uint32_t half_open;			// in all
	uint32_t half_open_per_address;
	uint32_t handshakes;			// in all
	uint32_t handshakes_per_address;
	uint32_t early_drop;			// handshakes from which on some are refused by chance
	uint32_t sessions;			// logged in or on the way
	uint32_t connections_per_second;	// per address, that become handshakes; a burst of twice as many
	uint32_t failures;			// failed log-ins after which an address is slowed down, 0: never
	uint32_t slow_max_s;			// the longest wait
};

extern const struct kg_limits_settings kg_limits_defaults;

enum kg_verdict {
	KG_ADMIT,
	KG_EVICT_ADDRESS,	// half open: yes, but close the oldest of this address
	KG_EVICT_ANY,		// half open: yes, but close the oldest of all
	KG_SLOW,		// handshake: ask again in *wait_us
	KG_REFUSE_HANDSHAKES,	// too many handshakes in all, or by chance
	KG_REFUSE_ADDRESS,	// too many of this address
	KG_REFUSE_SESSIONS,	// the server is full
};

const char *kg_verdict_text(enum kg_verdict verdict);

struct kg_limits;

/* seed: random, so that nobody can choose addresses that collide. */
int kg_limits_new(struct kg_limits **ret, const struct kg_limits_settings *settings, uint64_t seed);
void kg_limits_free(struct kg_limits *limits);

struct kg_address kg_address_of(const struct sockaddr *address);	// a whole sockaddr of its family

/* A connection was accepted. Never refuses. After EVICT_ANY or EVICT_ADDRESS somebody else's kg_limits_closed() follows. */
enum kg_verdict kg_limits_accept(struct kg_limits *limits, const struct kg_address *address, uint64_t now_us);
void kg_limits_closed(struct kg_limits *limits, const struct kg_address *address);	// while half open

/* Its first bytes have come. chance: random. After anything but KG_ADMIT it is still half open. */
enum kg_verdict kg_limits_handshake(struct kg_limits *limits, const struct kg_address *address, uint64_t now_us,
				    uint32_t chance, uint64_t *wait_us);
void kg_limits_logged_in(struct kg_limits *limits, const struct kg_address *address);
void kg_limits_ended(struct kg_limits *limits, const struct kg_address *address, bool logged_in);

/* A log-in from this address has failed, or was right. */
void kg_limits_failed(struct kg_limits *limits, const struct kg_address *address, uint64_t now_us);
void kg_limits_proved(struct kg_limits *limits, const struct kg_address *address);

struct kg_limits_counts {
	uint32_t half_open, handshakes, sessions, addresses;
};
struct kg_limits_counts kg_limits_counts(const struct kg_limits *limits);
