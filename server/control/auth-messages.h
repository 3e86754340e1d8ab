/*
 * kagamid (side A) and a kagami-auth (side B). Auth never sees the hash file, nor a key that a second log-in could be made with:
 * it gets the key of one attempt, and only after kagamid itself has verified that.
 */
#pragma once

#include "server/control/table.h"

#define KG_AUTH_CONTROL_FD 3		// to kagamid
#define KG_AUTH_LOGIN_FD 4		// to its session (login-messages.h)

enum kg_auth_phase { KG_AUTH_START = 1, KG_AUTH_RUN = 2 };

enum kg_auth_message_id {
	KG_AUTH_SETUP = 1,
	KG_AUTH_READY,
	KG_AUTH_VERIFY,		// NTLM: is this attempt right, and with which key does it go on?
	KG_AUTH_KEY,
	KG_AUTH_PAM_RESULT,	// PAM: how the attempt ended
};

struct kg_auth_setup {
	uint32_t security;	// enum kg_security: NLA, or TLS for PAM
	uint32_t sandbox;	// enum kg_sandbox_mode
	uint32_t uid, gid;
	uint32_t log_level;
} KG_WIRE;			// tail: PAM: the service's name
#define KG_AUTH_SERVICE_MAX 64

struct kg_auth_ready {
	uint32_t layers;
} KG_WIRE;

/* What winpr's NTLM asks for ([MS-NLMP] 3.3.2, 3.1.5.1.2). Sizes in bytes; the tail is user, domain (UTF-16LE), proof, signed. */
struct kg_auth_verify {
	uint16_t user, domain, proof;
	uint16_t messages;		// NEGOTIATE | CHALLENGE | AUTHENTICATE with the MIC zeroed
	uint8_t session_key[16];	// EncryptedRandomSessionKey
	uint8_t mic[16];
} KG_WIRE;
#define KG_AUTH_VERIFY_MAX 16384

/*
 * For winpr in the place of NTOWFv2 and of EncryptedRandomSessionKey: with these it comes to the key that the client exported, as
 * with the true ones. Both are random when the attempt was wrong.
 */
struct kg_auth_key {
	uint8_t key[16];
	uint8_t session_key[16];
} KG_WIRE;

struct kg_auth_pam_result {
	uint32_t ok;
	char user[256];			// the name as PAM has it, UTF-8, ended by 0
} KG_WIRE;

extern const struct kg_message_set kg_auth_messages;
