/* TCP sockets: what their addresses say, how one is opened, and what an accepted one is set to. */
#pragma once

#include "base/base.h"

#include <sys/socket.h>

struct kg_config_listen;

#define KG_HOST_SIZE 46			// INET6_ADDRSTRLEN

uint16_t kg_socket_port(const struct sockaddr_storage *address);

/* Numeric, without brackets and port. IPv4 in IPv6 as IPv4. */
void kg_socket_host(const struct sockaddr_storage *address, char host[KG_HOST_SIZE]);
bool kg_socket_is_local(const struct sockaddr_storage *address);	// loopback

/* Returns a socket that listens, CLOEXEC and not blocking, or a negative errno. */
int kg_socket_listen(const struct kg_config_listen *where);

/* Keepalive and timeouts of an accepted one, and no event before request_min bytes have come. Returns 0 or a negative errno. */
int kg_socket_prepare(int fd, int request_min);
