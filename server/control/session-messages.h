/*
 * kagamid (side A) and a kagami-session (side B). The session has its end as descriptor KG_SESSION_CONTROL_FD.
 *
 *	kagamid                         session
 *	SETUP ────────────────────────►          warms up, locks itself
 *	          ◄──────────────────── READY
 *	CONNECT + TCP socket ─────────►          phase HANDSHAKE
 *	          ◄──────────────────── SIGN     once
 *	SIGNED ───────────────────────►
 *	          ◄──────────────────── LOGON    who was proved by kagami-auth?
 *	WELCOME ──────────────────────►          phase OPEN
 *	          ◄──────────────────── ATTACH   and again when a view was lost
 *	VIEW + channel, or END ───────►
 *	END ──────────────────────────►          at any time
 */
#pragma once

#include "base/id.h"
#include "server/control/table.h"

#define KG_SESSION_CONTROL_FD 3		// to kagamid
#define KG_SESSION_LOGIN_FD 4		// to its kagami-auth (login-messages.h)
#define KG_SESSION_VIEW_FD 5		// to the desktop, once it has one; a placeholder before
#define KG_SESSION_TCP_FD 6		// the client; a placeholder before

enum kg_session_phase { KG_SESSION_START = 1, KG_SESSION_HANDSHAKE = 2, KG_SESSION_OPEN = 4, KG_SESSION_ANY = 7 };

enum kg_session_message_id {
	KG_SESSION_SETUP = 1,
	KG_SESSION_READY,
	KG_SESSION_CONNECT,
	KG_SESSION_SIGN,
	KG_SESSION_SIGNED,
	KG_SESSION_LOGON,
	KG_SESSION_WELCOME,
	KG_SESSION_ATTACH,
	KG_SESSION_VIEW,
	KG_SESSION_END,
};

enum kg_security { KG_SECURITY_NLA = 1, KG_SECURITY_TLS = 2 };

struct kg_session_setup {
	uint32_t security;		// enum kg_security
	uint32_t sandbox;		// enum kg_sandbox_mode
	uint32_t uid, gid;		// to become; UINT32_MAX: stay
	uint32_t log_level;
} KG_WIRE;				// tail: the certificate, PEM
#define KG_SESSION_CERTIFICATE_MAX 16384

struct kg_session_ready {
	uint32_t layers;		// of the sandbox
	uint32_t freerdp;		// its version: major << 16 | minor << 8 | revision
} KG_WIRE;
#define KG_FREERDP_SAFE (3u << 16 | 30u << 8)	// versions before it have known holes that open before the log-in

struct kg_session_connect {		// with the client's TCP socket
	struct kg_id session;
} KG_WIRE;

struct kg_session_sign {
	uint32_t padding;		// RSA_PKCS1_PADDING or RSA_PKCS1_PSS_PADDING of OpenSSL
	char digest[16];		// "SHA2-256", ended by 0
} KG_WIRE;				// tail: the bytes to be signed, not their digest, so that kagamid sees what it signs
#define KG_SESSION_SIGN_MAX 512

struct kg_session_signed {
	uint32_t ok;
} KG_WIRE;				// tail: the signature
#define KG_SESSION_SIGNATURE_MAX 512

/*
 * NLA: what the client sealed of our TLS key ([MS-CSSP] 3.1.5, steps 3 and 4), so that a log-in that was made for another
 * server, and that a session relays, is worth nothing. All zero without NLA.
 */
struct kg_session_logon {
	uint32_t has_nonce;		// 1: the SHA-256 of nonce and key is sealed (CredSSP 5 and later), 0: the key itself
	uint8_t nonce[32];
} KG_WIRE;				// tail: pubKeyAuth as it came: signature, then the sealed bytes
#define KG_SESSION_SEALED_MAX 2200	// an RSA key of 16384 bits

struct kg_session_welcome {
	uint32_t ok;			// 0: nobody was proved on this connection
	uint32_t logon_id;		// for the automatic reconnection cookie ([MS-RDPBCGR] 2.2.4.2)
	uint8_t reconnect_random[16];
	char user[256];			// the proved name, UTF-8, ended by 0
} KG_WIRE;

struct kg_session_attach {
	uint32_t has_cookie;		// the client came back with a reconnection cookie
	uint32_t logon_id;
	uint8_t verifier[16];
	uint16_t width, height;		// of the client
	char client[64];		// its name, UTF-8, ended by 0
} KG_WIRE;

struct kg_session_view {		// with the session's end of the view channel
	struct kg_id desktop;
} KG_WIRE;

struct kg_session_end {
	uint32_t reason;		// enum kg_end_reason
} KG_WIRE;

extern const struct kg_message_set kg_session_messages;
