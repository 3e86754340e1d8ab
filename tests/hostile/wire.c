/* Packets as a hostile program sends them. */
#include "tests/hostile/wire.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#define PASSED_MAX 8

static int send_once(int fd, const void *bytes, size_t size, int passed, unsigned count)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * PASSED_MAX)];
		struct cmsghdr header;
	} control = { 0 };
	struct iovec part = { .iov_base = (void *)bytes, .iov_len = size };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t r;

	if (!count) {
		r = send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		return r < 0 ? -errno : 0;
	}
	count = KG_MIN(count, (unsigned)PASSED_MAX);
	header.msg_control = control.bytes;
	header.msg_controllen = CMSG_SPACE(sizeof(int) * count);
	control.header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
					   .cmsg_len = CMSG_LEN(sizeof(int) * count) };
	for (unsigned i = 0; i < count; i++)
		memcpy(CMSG_DATA(&control.header) + sizeof(int) * i, &passed, sizeof(int));
	r = sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
	return r < 0 ? -errno : 0;
}

int wire_send(int fd, const void *bytes, size_t size, int passed, unsigned count)
{
	int r;

	while ((r = send_once(fd, bytes, size, passed, count)) == -EAGAIN) {
		struct pollfd wait = { .fd = fd, .events = POLLOUT };

		if (poll(&wait, 1, 5000) == 0)
			return -ETIMEDOUT;
	}
	return r;
}

ssize_t wire_receive(int fd, void *to, size_t size, int *passed, int timeout_ms)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * PASSED_MAX)];
		struct cmsghdr align;
	} control;
	struct iovec part = { .iov_base = to, .iov_len = size };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes) };
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	ssize_t r;

	*passed = -1;
	if (poll(&wait, 1, timeout_ms) == 0)
		return -ETIMEDOUT;
	r = recvmsg(fd, &header, MSG_DONTWAIT);
	if (r < 0)
		return errno == ECONNRESET ? 0 : -errno;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int got;

			memcpy(&got, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (*passed < 0)
				*passed = got;
			else
				close(got);
		}
	}
	return r;
}

size_t wire_unhex(const char *hex, uint8_t *to, size_t size)
{
	size_t n = 0;
	unsigned value;

	while (n < size && sscanf(hex + 2 * n, "%2x", &value) == 1)
		to[n++] = (uint8_t)value;
	return n;
}
