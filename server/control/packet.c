/* One packet, with what travels beside its bytes. */
#include "server/control/packet.h"

#include <sys/socket.h>

void kg_packet_close(struct kg_packet *packet)
{
	for (size_t i = 0; i < packet->fd_count; i++)
		kg_close(packet->fds[i]);
	packet->fd_count = 0;
}

int kg_packet_receive(struct kg_packet *packet, int fd, void *to, size_t size)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * KG_PACKET_FDS_MAX)];
		struct cmsghdr align;
	} control;
	struct iovec part = { .iov_base = to, .iov_len = size };
	struct msghdr header = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};

	*packet = (struct kg_packet){ 0 };
	do
		packet->size = recvmsg(fd, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (packet->size < 0 && errno == EINTR);
	if (packet->size < 0)
		return -errno;
	packet->truncated = header.msg_flags & (MSG_TRUNC | MSG_CTRUNC);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		for (size_t i = 0; i < count && packet->fd_count < KG_PACKET_FDS_MAX; i++)
			memcpy(&packet->fds[packet->fd_count++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
	}
	return 0;
}

int kg_packet_send(int fd, const void *bytes, size_t size, int passed)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = { 0 };
	struct iovec part = { .iov_base = (void *)bytes, .iov_len = size };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t r;

	if (passed >= 0) {
		header.msg_control = control.bytes;
		header.msg_controllen = sizeof(control.bytes);
		control.header = (struct cmsghdr){
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(sizeof(int)),
		};
		memcpy(CMSG_DATA(&control.header), &passed, sizeof(int));
	}
	/* send() where there is no descriptor: a locked session may not call sendmsg(). */
	do
		r = passed >= 0 ? sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT)
				: send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return (int)r;
}
