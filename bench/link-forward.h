/* The loop that carries packets between two TUN devices as a link would (bench/link.h), in real time. */
#pragma once

#include "bench/link.h"

/* Ends of a link, and the direction that leads there. */
enum kg_link_end { KG_LINK_SERVER, KG_LINK_CLIENT, KG_LINK_ENDS };

/*
 * What has been carried, and how late after its time: that is the forwarder's fault, or the machine's that it runs on.
 */
struct kg_link_carried {
	struct kg_link_count count;
	uint64_t late_ns, late_max_ns;		// sum, and since the last answer
};

/*
 * Runs until the other end of control (SOCK_SEQPACKET) is closed. To each message there it answers with KG_LINK_ENDS
 * of struct kg_link_carried. tuns: by end, not blocking, without a header before their packets. What is not IPv4 is
 * not carried. Returns 0, or a negative errno.
 */
int kg_link_forward(struct kg_link links[KG_LINK_ENDS], const int tuns[KG_LINK_ENDS], int control);
