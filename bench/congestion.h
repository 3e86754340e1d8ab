/* TCP's congestion control of the far end of a connection, the one that sends pictures, by sock_diag(7). */
#pragma once

#include "base/base.h"

#define KG_CONGESTION_MAX 16	// with the 0, as the kernel's TCP_CA_NAME_MAX

/*
 * fd: this end. The far end is a socket in the network namespace of the caller, which may be another than that of fd.
 * -ENOENT: it is not there, but on another machine or in another namespace.
 */
int kg_congestion_far(int fd, char ret[KG_CONGESTION_MAX]);
