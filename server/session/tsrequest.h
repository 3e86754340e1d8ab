/*
 * Reads from a client's TSRequest ([MS-CSSP] 2.2.1) what binds its log-in to our TLS key: pubKeyAuth and clientNonce. FreeRDP
 * reads these messages too, but shows them to nobody. Pure.
 */
#pragma once

#include "base/reader.h"
#include "server/control/session-messages.h"

#define KG_TSREQUEST_TAG 0x30	// the first byte of each

/* What has come so far. */
struct kg_tsrequest {
	bool has_nonce;
	uint8_t nonce[32];
	uint8_t sealed[KG_SESSION_SEALED_MAX];	// pubKeyAuth: signature, then sealed bytes
	size_t sealed_size;			// 0: not yet
};

/*
 * Takes what is in one message. The first pubKeyAuth counts: nothing else is under the first sequence number. The nonce is the
 * last one that came by then, as FreeRDP has it. -EPROTO when the message is malformed or a field is larger than it can be; nothing is taken then.
 */
int kg_tsrequest_read(struct kg_tsrequest *ret, const uint8_t *bytes, size_t size);
