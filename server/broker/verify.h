/*
 * Verifies a whole NTLMv2 log-in from what kagami-auth relays, before it is told the user's key: proof, challenge, MIC, time and
 * freshness ([MS-NLMP] 3.3.2, 3.1.5.1.2, 3.2.5.1.2). Fixed formulas on bounded fields; nothing here parses SPNEGO or CredSSP.
 */
#pragma once

#include "base/base.h"
#include "base/limits.h"

struct kg_auth_verify;
struct kg_hashes;

struct kg_verify_result {
	bool ok;
	char user[KG_NAME_MAX + 1];	// as the hash file has it when ok, else as the client says it ("" when malformed)
	uint8_t key[16];		// random; the proof with it leads from session_key to exported, when ok
	uint8_t session_key[16];	// when not ok random
	uint8_t exported[16];		// the key that both ends sign and seal with from here on; when not ok zero
	const char *why;		// when not ok: for the log, not for the client
};

/*
 * tail: user, domain, proof and messages as ask says. now: FILETIME (100 ns since 1601) to compare the log-in's time with. Takes
 * the same time for a user that does not exist and for a wrong password.
 */
void kg_verify_ntlm(struct kg_hashes *hashes, const struct kg_auth_verify *ask, const uint8_t *tail, size_t tail_size,
		    uint64_t now, struct kg_verify_result *ret);

/* The time of day as FILETIME. */
uint64_t kg_filetime_now(void);
