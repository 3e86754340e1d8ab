/*
 * The control socket, for kagamictl: SOCK_SEQPACKET, one request, one answer, both text. Root and the user that kagamid runs
 * as are served, nobody else.
 *
 *	"status"     lines of KEY VALUE
 *	"sessions"   a line for each: ID, state, user, address, desktop, seconds, size, client; tabs between
 *	"kick ID"
 * An answer begins with "ok\n" or "error: TEXT\n".
 */
#pragma once

#include "base/base.h"

#define KG_STATUS_REQUEST_MAX 256
#define KG_STATUS_ANSWER_MAX (1u << 17)

struct kg_broker;
struct kg_status;

/* Where the socket is when the settings say nothing. Returns path. */
const char *kg_control_path(char *path, size_t size);

/* Logs why it cannot. */
int kg_status_new(struct kg_status **ret, struct kg_broker *broker);
void kg_status_free(struct kg_status *status);	// NULL is fine
