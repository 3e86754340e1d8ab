/*
 * A kagami-session (side A) and its kagami-auth (side B): one log-in attempt. The session asks, auth answers each question
 * with one reply. With NLA the session's security package is these messages ([MS-CSSP] runs in the session, SPNEGO and NTLM
 * in auth); the password is blanked before the session sees the credentials.
 */
#pragma once

#include "server/control/table.h"

enum kg_login_phase { KG_LOGIN_NLA = 1, KG_LOGIN_PAM = 2 };

enum kg_login_message_id {
	KG_LOGIN_ACCEPT = 1,	// AcceptSecurityContext: argument = requested attributes, first = token
	KG_LOGIN_SIZES,		// QueryContextAttributes(SIZES)
	KG_LOGIN_ENCRYPT,	// EncryptMessage: argument = sequence number, first = plain data
	KG_LOGIN_DECRYPT,	// DecryptMessage: argument = sequence number, first = signature, then the data
	KG_LOGIN_RESULT,	// answer to the four: accept: token; sizes: struct; encrypt: signature + data; decrypt: data
	KG_LOGIN_PASSWORD,	// TLS-only: user and password
	KG_LOGIN_PASSWORD_RESULT,
};

#define KG_LOGIN_DATA_MAX 20000

struct kg_login_question {
	uint32_t argument;
	uint32_t first;		// bytes of the tail that belong to the first part; the rest is the second
} KG_WIRE;			// tail: data

struct kg_login_result {
	uint32_t status;	// SECURITY_STATUS
	uint32_t first;		// encrypt: bytes of signature in front of the data
} KG_WIRE;			// tail: data

struct kg_login_sizes {		// tail of the answer to SIZES
	uint32_t max_token, max_signature, block, trailer;
} KG_WIRE;

struct kg_login_password {
	uint16_t user, password;	// bytes of UTF-8 in the tail, without ends
} KG_WIRE;
#define KG_LOGIN_PASSWORD_MAX 1024

struct kg_login_password_result {
	uint32_t ok;
} KG_WIRE;

extern const struct kg_message_set kg_login_messages;
