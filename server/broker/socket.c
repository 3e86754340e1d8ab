/* TCP sockets without their states: addresses, opening, options. */
#include "server/broker/socket.h"

#include "server/broker/config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#define KEEPALIVE_IDLE_S 30
#define KEEPALIVE_INTERVAL_S 10
#define KEEPALIVE_COUNT 3
#define USER_TIMEOUT_MS 60000		// data that nobody acknowledges

uint16_t kg_socket_port(const struct sockaddr_storage *address)
{
	return ntohs(address->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)address)->sin6_port
						    : ((const struct sockaddr_in *)address)->sin_port);
}

void kg_socket_host(const struct sockaddr_storage *address, char host[KG_HOST_SIZE])
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

	strcpy(host, "unknown");
	if (address->ss_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, host, KG_HOST_SIZE);
	else if (address->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		inet_ntop(AF_INET, (const uint8_t *)&in6->sin6_addr + 12, host, KG_HOST_SIZE);
	else if (address->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &in6->sin6_addr, host, KG_HOST_SIZE);
}

bool kg_socket_is_local(const struct sockaddr_storage *address)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;

	return address->ss_family == AF_INET6 ? IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) : ntohl(in->sin_addr.s_addr) >> 24 == 127;
}

static int open_socket(const struct sockaddr *address, socklen_t size, bool both)
{
	int fd = KG_SYS(socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	int one = 1, only = !both, r;

	if (fd < 0)
		return fd;
	r = KG_SYS(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	if (r == 0 && address->sa_family == AF_INET6)
		r = KG_SYS(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)));
	if (r == 0)
		r = KG_SYS(bind(fd, address, size));
	if (r == 0)
		r = KG_SYS(listen(fd, 1024));
	if (r < 0) {
		kg_close(fd);
		return r;
	}
	return fd;
}

int kg_socket_listen(const struct kg_config_listen *where)
{
	bool both = where->text[0] == '*';
	int fd = open_socket((const struct sockaddr *)&where->address, where->size, both);

	if (fd == -EAFNOSUPPORT && both) {	// a kernel without IPv6
		struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(kg_socket_port(&where->address)) };

		fd = open_socket((const struct sockaddr *)&in, sizeof(in), false);
	}
	return fd;
}

int kg_socket_prepare(int fd, int request_min)
{
	const struct {
		int level, option, value;
	} options[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ SOL_SOCKET, SO_RCVLOWAT, request_min },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS },
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
	};

	for (size_t i = 0; i < KG_ARRAY_SIZE(options); i++) {
		if (setsockopt(fd, options[i].level, options[i].option, &options[i].value, sizeof(int)) < 0)
			return -errno;
	}
	return 0;
}
