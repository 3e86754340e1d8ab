/*
 * Is a log-in meant for this server? A client of CredSSP seals what it saw of the server's TLS key ([MS-CSSP] 3.1.5, steps 3 and
 * 4). kagamid opens that itself: a session that was taken over cannot pass on a log-in made elsewhere. A kagami-auth that was can:
 * it has the key of the log-in, and what a client seals with it others can seal, too. See doc/boundaries.md, "What is left".
 */
#pragma once

#include "base/base.h"

struct kg_legacy_crypto;
struct kg_session_logon;

/*
 * exported: the key of the log-in (kg_verify_ntlm). sealed: pubKeyAuth, the first message that the client sealed. key: our
 * SubjectPublicKey. False when it is malformed, sealed with another key, or about another server.
 */
bool kg_binding_right(struct kg_legacy_crypto *crypto, const uint8_t exported[16], const struct kg_session_logon *logon,
		      const uint8_t *sealed, size_t sealed_size, const uint8_t *key, size_t key_size);
