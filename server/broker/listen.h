/*
 * The listening sockets, and connections until their first bytes have come. Until then a connection is a descriptor and
 * nothing else; then it is given away, if the limits admit it.
 */
#pragma once

#include "server/broker/config.h"
#include "server/broker/socket.h"

struct kg_listeners;
struct kg_loop;

struct kg_peer {
	struct kg_address address;	// as the limits count it
	char host[KG_HOST_SIZE];	// kg_socket_host()
};

struct kg_listeners_events {
	/* A client has begun to speak and is counted as a handshake. fd is the callee's: blocking, CLOEXEC. */
	void (*connection)(void *data, int fd, const struct kg_peer *peer);
};

int kg_listeners_new(struct kg_listeners **ret, struct kg_loop *loop, struct kg_limits *limits, uint32_t deadline_s,
		     const struct kg_listeners_events *events, void *data);
void kg_listeners_free(struct kg_listeners *listeners);

/* Opens one and logs why it cannot. */
int kg_listeners_open(struct kg_listeners *listeners, const struct kg_config_listen *where);

/* Takes the sockets that systemd has opened (sd_listen_fds(3)); returns how many. */
int kg_listeners_adopt(struct kg_listeners *listeners);

/* From now on connections are accepted. */
int kg_listeners_start(struct kg_listeners *listeners);
void kg_listeners_stop(struct kg_listeners *listeners);	// closes them and everything half open

size_t kg_listeners_count(const struct kg_listeners *listeners);
const char *kg_listeners_address(const struct kg_listeners *listeners, size_t i);	// "127.0.0.1:3389"
uint16_t kg_listeners_port(const struct kg_listeners *listeners, size_t i);
bool kg_listeners_local(const struct kg_listeners *listeners);	// loopback only
const char *kg_listeners_congestion(const struct kg_listeners *listeners);	// "bbr"
