/*
 * The loop that carries packets between two TUN devices. It sleeps until a packet comes or is due, on the kernel's
 * timers of high resolution: as a process of the real-time class or with the least slack it wakes within some tens of
 * microseconds.
 */
#include "bench/link-forward.h"

#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#define NS_PER_SECOND UINT64_C(1000000000)
#define BATCH 16			// packets from each end between two looks at all descriptors
#define PRIORITY 10			// of the real-time class

struct forwarder {
	struct kg_link *links;
	const int *tuns;
	int control;
	struct kg_link_carried carried[KG_LINK_ENDS];	// with its counts as of the last answer
	uint8_t packet[KG_LINK_PACKET_MAX];
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec;
}

/* ---- packets ---- */

/* Everything that is due. Returns the time, with which the next packets come. */
static uint64_t deliver(struct forwarder *f)
{
	uint64_t now = now_ns();

	for (enum kg_link_end to = 0; to < KG_LINK_ENDS; to++) {
		const uint8_t *packet;
		uint64_t due;
		size_t size;

		while ((due = kg_link_next_ns(&f->links[to]), size = kg_link_take(&f->links[to], now, &packet))) {
			f->carried[to].late_ns += now - due;
			f->carried[to].late_max_ns = KG_MAX(f->carried[to].late_max_ns, now - due);
			/* A device that does not take it is like a host that drops what came: not the link's. */
			(void)!write(f->tuns[to], packet, size);
			now = now_ns();
		}
	}
	return now;
}

/* Takes one packet that goes to an end. False: there is none. */
static bool accept_packet(struct forwarder *f, enum kg_link_end to, uint64_t now)
{
	ssize_t size = read(f->tuns[!to], f->packet, sizeof(f->packet));

	if (size <= 0)
		return false;
	if (f->packet[0] >> 4 == 4)
		(void)kg_link_put(&f->links[to], now, f->packet, (size_t)size);
	return true;
}

static void carry(struct forwarder *f, bool readable[KG_LINK_ENDS])
{
	for (int i = 0; i < BATCH && (readable[KG_LINK_SERVER] || readable[KG_LINK_CLIENT]); i++)
		for (enum kg_link_end to = 0; to < KG_LINK_ENDS; to++)
			readable[!to] = readable[!to] && accept_packet(f, to, deliver(f));
	(void)deliver(f);
}

/* ---- the loop ---- */

/* False: nobody is there any more. */
static bool answer(struct forwarder *f)
{
	char question;

	if (recv(f->control, &question, sizeof(question), 0) <= 0)
		return false;
	for (enum kg_link_end to = 0; to < KG_LINK_ENDS; to++)
		f->carried[to].count = f->links[to].count;
	if (send(f->control, f->carried, sizeof(f->carried), MSG_NOSIGNAL) < 0)
		return false;
	for (enum kg_link_end to = 0; to < KG_LINK_ENDS; to++)
		f->carried[to].late_max_ns = 0;
	return true;
}

/* What a sleep until the next packet is; NULL: there is none. */
static const struct timespec *until_due(const struct forwarder *f, struct timespec *ret)
{
	uint64_t due = KG_MIN(kg_link_next_ns(&f->links[0]), kg_link_next_ns(&f->links[1]));
	uint64_t now = now_ns(), wait = due > now ? due - now : 0;

	if (due == UINT64_MAX)
		return NULL;
	*ret = (struct timespec){ .tv_sec = (time_t)(wait / NS_PER_SECOND), .tv_nsec = (long)(wait % NS_PER_SECOND) };
	return ret;
}

int kg_link_forward(struct kg_link links[KG_LINK_ENDS], const int tuns[KG_LINK_ENDS], int control)
{
	struct forwarder f = { .links = links, .tuns = tuns, .control = control };
	struct pollfd fds[] = {
		{ .fd = tuns[KG_LINK_SERVER], .events = POLLIN },
		{ .fd = tuns[KG_LINK_CLIENT], .events = POLLIN },
		{ .fd = control, .events = POLLIN },
	};

	/* Each by itself is enough, and what neither allows shows in late_ns. */
	(void)prctl(PR_SET_TIMERSLACK, 1);
	(void)sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){ .sched_priority = PRIORITY });
	for (;;) {
		struct timespec wait;

		if (ppoll(fds, KG_ARRAY_SIZE(fds), until_due(&f, &wait), NULL) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (fds[2].revents && !answer(&f))
			return 0;
		carry(&f, (bool[]){ fds[KG_LINK_SERVER].revents & POLLIN, fds[KG_LINK_CLIENT].revents & POLLIN });
	}
}
