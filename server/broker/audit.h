/*
 * The lines that an operator's tools read (fail2ban, log analysis). Their form is API: what is between quotes is sanitised,
 * so that no name can look like another line.
 *
 *	login: user "NAME" from ADDRESS session ID
 *	login failed: user "NAME" from ADDRESS
 *	session ended: user "NAME" from ADDRESS session ID: REASON
 *	handshake ended: from ADDRESS: REASON
 *	connection refused: from ADDRESS: REASON
 */
#pragma once

#include "base/id.h"

struct kg_peer;

void kg_audit_login(const char *user, const struct kg_peer *peer, const struct kg_id *session);
void kg_audit_login_failed(const char *user, const struct kg_peer *peer, const char *why);	// why: debug only
void kg_audit_ended(const char *user, const struct kg_peer *peer, const struct kg_id *session, const char *reason);
void kg_audit_handshake_ended(const struct kg_peer *peer, const char *reason);
void kg_audit_refused(const struct kg_peer *peer, const char *reason);	// rate-limited

/* Printable, without quotes and backslashes, at most 64 bytes and whole UTF-8 characters. Returns text. */
#define KG_AUDIT_NAME_SIZE 68
const char *kg_audit_name(const char *name, char text[KG_AUDIT_NAME_SIZE]);
