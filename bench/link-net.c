/* A link between two network namespaces. */
#include "bench/link-net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define DEVICE "link0"
#define DEVICE_QUEUE 10000		// packets that wait for the forwarder: the queue that counts is the link's

struct kg_link_net {
	int outside;			// the namespace that this process was in
	int inside[KG_LINK_ENDS];	// the namespaces
	int tuns[KG_LINK_ENDS];		// until the forwarder has them
	int control;
	pid_t forwarder;		// 0: none
};

/* Of 198.18.0.0/15, which is for such measurements (RFC 2544, appendix C.2.2). */
const char *kg_link_net_address(enum kg_link_end end)
{
	return end == KG_LINK_SERVER ? "198.18.0.1" : "198.18.0.2";
}

/* ---- devices, in the namespace of the caller ---- */

static struct ifreq request(const char *device)
{
	struct ifreq ifr = { 0 };

	strcpy(ifr.ifr_name, device);
	return ifr;
}

static int set_address(int fd, unsigned long what, const char *text)
{
	struct ifreq ifr = request(DEVICE);
	struct sockaddr_in address = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
		return -EINVAL;
	memcpy(&ifr.ifr_addr, &address, sizeof(address));
	return KG_SYS(ioctl(fd, what, &ifr));
}

static int set_up(int fd, const char *device)
{
	struct ifreq ifr = request(device);
	int r = KG_SYS(ioctl(fd, SIOCGIFFLAGS, &ifr));

	ifr.ifr_flags |= IFF_UP;
	return r < 0 ? r : KG_SYS(ioctl(fd, SIOCSIFFLAGS, &ifr));
}

static int set_number(int fd, unsigned long what, int number)
{
	struct ifreq ifr = request(DEVICE);

	ifr.ifr_ifru.ifru_ivalue = number;
	return KG_SYS(ioctl(fd, what, &ifr));
}

/* Both devices of an end get up. The route to the other end comes with its address. */
static int configure(enum kg_link_end end)
{
	int fd, r = fd = KG_SYS(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	if (r >= 0)
		r = set_up(fd, "lo");
	if (r >= 0)
		r = set_number(fd, SIOCSIFMTU, KG_LINK_MTU);
	if (r >= 0)
		r = set_number(fd, SIOCSIFTXQLEN, DEVICE_QUEUE);
	if (r >= 0)
		r = set_address(fd, SIOCSIFADDR, kg_link_net_address(end));
	if (r >= 0)
		r = set_address(fd, SIOCSIFDSTADDR, kg_link_net_address(!end));
	if (r >= 0)
		r = set_up(fd, DEVICE);
	kg_close(fd);
	return r;
}

/* A device without offloads: what is read are single packets with their checksums. */
static int open_tun(void)
{
	struct ifreq ifr = request(DEVICE);
	int fd, r = fd = KG_SYS(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));

	if (r < 0)
		return r;
	ifr.ifr_flags = IFF_TUN | IFF_NO_PI;
	r = KG_SYS(ioctl(fd, TUNSETIFF, &ifr));
	if (r < 0)
		kg_close(fd);
	return r < 0 ? r : fd;
}

/* ---- namespaces ---- */

static int current_namespace(void)
{
	return KG_SYS(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
}

int kg_link_net_enter(const struct kg_link_net *net, enum kg_link_end end)
{
	return KG_SYS(setns(net->inside[end], CLONE_NEWNET));
}

int kg_link_net_leave(const struct kg_link_net *net)
{
	return KG_SYS(setns(net->outside, CLONE_NEWNET));
}

static int make_end(struct kg_link_net *net, enum kg_link_end end, const char **ret_what)
{
	int r = KG_SYS(unshare(CLONE_NEWNET));

	*ret_what = "make a network namespace";
	if (r >= 0)
		r = net->inside[end] = current_namespace();
	if (r < 0)
		return r;
	*ret_what = "make a TUN device by /dev/net/tun";
	r = net->tuns[end] = open_tun();
	if (r < 0)
		return r;
	*ret_what = "set up a network device";
	return configure(end);
}

/* ---- the forwarder ---- */

/* In the child. It ends when the other end of control is closed, by whatever this process ends. */
static void run_forwarder(const struct kg_link_net *net, const struct kg_link_spec *spec, uint64_t seed, int control)
{
	struct kg_link links[KG_LINK_ENDS];

	kg_close(net->control);
	signal(SIGINT, SIG_IGN);	// of the terminal: its parent ends in good order
	for (enum kg_link_end to = 0; to < KG_LINK_ENDS; to++)
		if (kg_link_init(&links[to], spec, seed * KG_LINK_ENDS + to) < 0)
			_exit(EXIT_FAILURE);
	_exit(kg_link_forward(links, net->tuns, control) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

static int start_forwarder(struct kg_link_net *net, const struct kg_link_spec *spec, uint64_t seed)
{
	int ends[2], r = KG_SYS(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends));

	if (r < 0)
		return r;
	net->control = ends[0];
	r = net->forwarder = KG_SYS(fork());
	if (!r)
		run_forwarder(net, spec, seed, ends[1]);
	if (r < 0)
		net->forwarder = 0;
	kg_close(ends[1]);
	for (enum kg_link_end end = 0; end < KG_LINK_ENDS; end++)
		net->tuns[end] = kg_close(net->tuns[end]);
	return r;
}

int kg_link_net_read(const struct kg_link_net *net, struct kg_link_carried ret[KG_LINK_ENDS])
{
	struct kg_link_carried carried[KG_LINK_ENDS];
	ssize_t size = send(net->control, "?", 1, MSG_NOSIGNAL);

	if (size == 1)
		size = recv(net->control, carried, sizeof(carried), 0);
	if (size != sizeof(carried))
		return size < 0 ? -errno : -EPIPE;
	memcpy(ret, carried, sizeof(carried));
	return 0;
}

/* ---- life ---- */

int kg_link_net_new(struct kg_link_net **ret, const struct kg_link_spec *spec, uint64_t seed, const char **ret_what)
{
	struct kg_link_net *net = calloc(1, sizeof(*net));
	struct kg_link_carried carried[KG_LINK_ENDS];
	int r;

	*ret_what = "make a link";
	if (!net)
		return -ENOMEM;
	net->inside[0] = net->inside[1] = net->tuns[0] = net->tuns[1] = net->control = -1;
	r = net->outside = current_namespace();
	for (enum kg_link_end end = 0; end < KG_LINK_ENDS && r >= 0; end++)
		r = make_end(net, end, ret_what);
	if (r < 0)
		goto fail;
	*ret_what = "leave the network namespaces again";
	r = kg_link_net_leave(net);
	if (r < 0)
		goto fail;
	*ret_what = "start the forwarder";
	r = start_forwarder(net, spec, seed);
	if (r >= 0)
		r = kg_link_net_read(net, carried);	// that it runs
	if (r < 0)
		goto fail;
	*ret = net;
	return 0;

fail:
	kg_link_net_free(net);
	return r;
}

void kg_link_net_free(struct kg_link_net *net)
{
	if (!net)
		return;
	if (net->outside >= 0)
		(void)kg_link_net_leave(net);
	kg_close(net->control);
	if (net->forwarder > 0)
		waitpid(net->forwarder, NULL, 0);
	for (enum kg_link_end end = 0; end < KG_LINK_ENDS; end++) {
		kg_close(net->tuns[end]);
		kg_close(net->inside[end]);
	}
	kg_close(net->outside);
	free(net);
}
