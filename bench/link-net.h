/*
 * A link between two network namespaces of this process's own: in one is the server, in the other the client, and each
 * sees nothing but itself and the other. A process of its own carries the packets (bench/link-forward.h).
 * The network of the machine is not touched. It needs root, or CAP_SYS_ADMIN and CAP_NET_ADMIN. To be made before this
 * process has threads.
 *
 *	outside		server's namespace		client's namespace
 *			198.18.0.1 TUN -- forwarder -- TUN 198.18.0.2
 */
#pragma once

#include "bench/link-forward.h"

struct kg_link_net;

/*
 * The caller stays outside. On failure a negative errno, and *ret_what is what could not be done, as in "cannot WHAT".
 * The same seed loses the same packets of a direction, by their order.
 */
int kg_link_net_new(struct kg_link_net **ret, const struct kg_link_spec *spec, uint64_t seed, const char **ret_what);
void kg_link_net_free(struct kg_link_net *net);		// leaves first; NULL is fine

/* From here on new sockets of the calling thread, and the programs that it starts, are there. */
int kg_link_net_enter(const struct kg_link_net *net, enum kg_link_end end);
int kg_link_net_leave(const struct kg_link_net *net);

const char *kg_link_net_address(enum kg_link_end end);

/* By the end that it came to. late_max_ns is that since the last call. Returns 0, or a negative errno. */
int kg_link_net_read(const struct kg_link_net *net, struct kg_link_carried ret[KG_LINK_ENDS]);
