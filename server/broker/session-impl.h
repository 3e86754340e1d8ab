/* Between session.c (the two processes, their channels, the desktop) and session-login.c (what is proved on the way to it). */
#pragma once

#include "server/broker/session.h"

struct kg_auth_pam_result;
struct kg_auth_verify;
struct kg_session_logon;
struct kg_session_sign;

void kg_session_set_deadline(struct kg_session *session, uint64_t in_us);	// UINT64_MAX: none
int kg_session_violation(struct kg_session *session, const char *what);	// logged; -EPROTO, which ends the channel

/* Handlers of messages: 0, or a negative errno that ends the channel. size: of the whole body. */
int kg_session_sign(struct kg_session *session, const struct kg_session_sign *ask, size_t size);
int kg_session_logon(struct kg_session *session, const struct kg_session_logon *logon, size_t size);
int kg_session_verify(struct kg_session *session, const struct kg_auth_verify *ask, size_t size);
int kg_session_pam_result(struct kg_session *session, const struct kg_auth_pam_result *result);

/* The answer to LOGON. */
int kg_session_welcome(struct kg_session *session);
