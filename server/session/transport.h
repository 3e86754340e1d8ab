/*
 * Between FreeRDP and its TLS: collects the PDUs of one turn of the loop into records of up to 16 KB, where FreeRDP would
 * make one record and one system call of each, ends a connection that was refused, takes the password out of the Client Info
 * PDU, and repairs the one PDU that rdesktop sends malformed.
 */
#pragma once

#include "base/base.h"

#include <freerdp/freerdp.h>
#include <freerdp/transport_io.h>

#define KG_CLIENT_PASSWORD_MAX 512	// bytes, [MS-RDPBCGR] 2.2.1.11.1.1

/* As the client sent it: UTF-16, or bytes. Whoever uses it wipes it. */
struct kg_client_password {
	bool wide;
	uint16_t size;		// in bytes
	uint8_t bytes[KG_CLIENT_PASSWORD_MAX];
};

struct kg_transport {
	rdpContext *context;
	rdpTransportIo original;
	wStream *batch;
	bool batching;		// else each PDU goes out at once, as the handshake needs it
	bool failed;
	bool greeted;		// the first PDU is behind us
	bool answered;		// the first PDU of ours, X.224's answer, is behind us
	bool refused;		// it said that the client's kind of security is not ours
	bool blanked;		// the password of the Client Info PDU
	struct kg_client_password password;	// the same, where it is what logs in: with TLS without NLA
	bool domain_erected;	// the ErectDomainRequest is behind us
};

int kg_transport_init(struct kg_transport *transport, rdpContext *context);
void kg_transport_done(struct kg_transport *transport);

/* Off while FreeRDP waits for answers within a call: during the handshake. */
void kg_transport_set_batching(struct kg_transport *transport, bool on);

/* Sends what was collected. -EPIPE when the connection is lost. */
int kg_transport_flush(struct kg_transport *transport);
