/* TCP's congestion control of the far end of a connection. */
#include "bench/congestion.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

struct question {
	struct nlmsghdr head;
	struct inet_diag_req_v2 what;
};

/* Of an address in the form of struct inet_diag_sockid: both in the order of the network. */
static int put_address(const struct sockaddr_storage *address, __be32 bytes[4], __be16 *port)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;

	if (address->ss_family == AF_INET) {
		bytes[0] = four->sin_addr.s_addr;
		*port = four->sin_port;
	} else if (address->ss_family == AF_INET6) {
		memcpy(bytes, &six->sin6_addr, 16);
		*port = six->sin6_port;
	} else {
		return -EAFNOSUPPORT;
	}
	return 0;
}

static int ask_for_far_end(int fd, struct question *ret)
{
	struct sockaddr_storage near = { 0 }, far = { 0 };
	socklen_t near_size = sizeof(near), far_size = sizeof(far);
	struct inet_diag_sockid *id = &ret->what.id;
	int r;

	if (getsockname(fd, (struct sockaddr *)&near, &near_size) < 0 ||
	    getpeername(fd, (struct sockaddr *)&far, &far_size) < 0)
		return -errno;
	*ret = (struct question){
		.head = { .nlmsg_len = sizeof(*ret), .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST },
		.what = {
			.sdiag_family = (uint8_t)far.ss_family,
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_ext = 1 << (INET_DIAG_CONG - 1),
			.idiag_states = UINT32_MAX,
			.id.idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE },
		},
	};
	r = put_address(&far, id->idiag_src, &id->idiag_sport);
	return r < 0 ? r : put_address(&near, id->idiag_dst, &id->idiag_dport);
}

static int find_name(struct nlmsghdr *head, int size, char ret[KG_CONGESTION_MAX])
{
	struct inet_diag_msg *message = NLMSG_DATA(head);
	struct rtattr *attribute = (struct rtattr *)(message + 1);
	int left;

	if (!NLMSG_OK(head, (unsigned)size))
		return -EPROTO;
	if (head->nlmsg_type == NLMSG_ERROR && head->nlmsg_len >= NLMSG_LENGTH(sizeof(struct nlmsgerr)))
		return ((struct nlmsgerr *)NLMSG_DATA(head))->error;
	if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY || head->nlmsg_len < NLMSG_LENGTH(sizeof(*message)))
		return -EPROTO;
	left = (int)(head->nlmsg_len - NLMSG_LENGTH(sizeof(*message)));
	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
		size_t length = RTA_PAYLOAD(attribute);

		if (attribute->rta_type != INET_DIAG_CONG || !length || length > KG_CONGESTION_MAX)
			continue;
		memcpy(ret, RTA_DATA(attribute), length);
		ret[length - 1] = 0;
		return 0;
	}
	return -EPROTO;
}

int kg_congestion_far(int fd, char ret[KG_CONGESTION_MAX])
{
	union { struct nlmsghdr head; char bytes[4096]; } answer;
	struct question question;
	int netlink, size, r = ask_for_far_end(fd, &question);

	if (r < 0)
		return r;
	r = netlink = KG_SYS(socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
	if (r < 0)
		return r;
	r = KG_SYS(send(netlink, &question, sizeof(question), 0));
	if (r >= 0)
		r = size = KG_SYS(recv(netlink, &answer, sizeof(answer), 0));
	if (r >= 0)
		r = find_name(&answer.head, size, ret);
	kg_close(netlink);
	return r;
}
