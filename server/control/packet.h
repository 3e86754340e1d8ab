/* Bytes of a Unix socket with descriptors beside them (SCM_RIGHTS). Never blocks. */
#pragma once

#include "base/base.h"

#include <sys/types.h>

#define KG_PACKET_FDS_MAX 4	// accepted from the kernel so that too many can be closed; the kernel closes more

/* What came, before it is judged. */
struct kg_packet {
	ssize_t size;		// 0 at the end
	int fds[KG_PACKET_FDS_MAX];
	size_t fd_count;
	bool truncated;		// there were more bytes or descriptors
};

/* Into to. 0, -EAGAIN or another negative errno. The descriptors are the caller's. */
int kg_packet_receive(struct kg_packet *packet, int fd, void *to, size_t size);
void kg_packet_close(struct kg_packet *packet);		// the descriptors

/* passed: a descriptor to go along, which stays the caller's, or -1. Returns how many bytes went, or a negative errno: -EPIPE
 * when the peer is gone. */
int kg_packet_send(int fd, const void *bytes, size_t size, int passed);
