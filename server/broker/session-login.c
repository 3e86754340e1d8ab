/* What is proved on the way to a desktop: the server by its signature, the user by NLA or PAM. */
#define KG_TOPIC "session"

#include "server/broker/session-impl.h"

#include "base/limits.h"
#include "base/loop.h"
#include "server/broker/audit.h"
#include "server/broker/binding.h"
#include "server/broker/hashes.h"
#include "server/broker/keys.h"
#include "server/broker/verify.h"
#include "server/control/auth-messages.h"
#include "server/control/channel.h"

#include <stdio.h>

int kg_session_sign(struct kg_session *session, const struct kg_session_sign *ask, size_t size)
{
	uint8_t bytes[sizeof(struct kg_session_signed) + KG_SESSION_SIGNATURE_MAX];
	struct kg_session_signed answer = { .ok = 1 };
	size_t signature_size = KG_SESSION_SIGNATURE_MAX;
	const char *why = "";
	int r;

	if (session->signed_once)
		return kg_session_violation(session, "asked for a second signature");
	session->signed_once = true;
	r = kg_tls_keys_sign(session->context->keys, ask, ask + 1, size - sizeof(*ask), bytes + sizeof(answer),
			     &signature_size, &why);
	if (r < 0)
		return kg_session_violation(session, why);
	return kg_channel_send_tail(session->control, KG_SESSION_SIGNED, &answer, sizeof(answer), bytes + sizeof(answer),
				    signature_size);
}

/* It is clear now whether the user is who session->user says. why: when not ok. */
static void log_in_result(struct kg_session *session, bool ok, const char *why)
{
	session->proved = ok;
	if (ok) {
		kg_limits_proved(session->context->limits, &session->peer.address);
		return;
	}
	kg_limits_failed(session->context->limits, &session->peer.address, kg_now_us());
	kg_audit_login_failed(session->user, &session->peer, why);
}

int kg_session_welcome(struct kg_session *session)
{
	struct kg_session_welcome welcome = { .ok = session->proved };
	int r;

	session->logon_waits = false;
	if (!session->verified)		// its auth was shown nothing
		(void)kg_warn(0, "session[%d] from %s: LOGON without a proof", session->pid, session->peer.host);
	if (session->proved) {
		r = kg_cookies_make(session->context->cookies, &session->cookie);
		if (r < 0)
			return r;
		welcome.logon_id = session->cookie.logon_id;
		memcpy(welcome.reconnect_random, session->cookie.random, sizeof(welcome.reconnect_random));
		memcpy(welcome.user, session->user, strnlen(session->user, sizeof(welcome.user) - 1));
	}
	r = kg_channel_send(session->control, KG_SESSION_WELCOME, &welcome, sizeof(welcome));
	explicit_bzero(&welcome, sizeof(welcome));
	if (r < 0 || !session->proved)
		return r;
	session->state = KG_SESSION_LOGGED_IN;
	session->logged_in_us = kg_now_us();
	kg_limits_logged_in(session->context->limits, &session->peer.address);
	session->counted_session = true;
	kg_channel_set_phase(session->control, KG_SESSION_OPEN);
	kg_session_set_deadline(session, session->context->config->handshake_s * 1000000ull);
	kg_audit_login(session->user, &session->peer, &session->id);
	kg_debug("session[%d]: logged in %.1f ms after its hand-over", session->pid,
		 (double)(session->logged_in_us - session->connected_us) / 1000);
	return 0;
}

/* NLA: what was verified has to be meant for this server. */
static void check_binding(struct kg_session *session, const struct kg_session_logon *logon, size_t size)
{
	size_t key_size;
	const uint8_t *key = kg_tls_keys_public(session->context->keys, &key_size);
	bool right = kg_binding_right(kg_hashes_crypto(session->context->hashes), session->exported, logon,
				      (const uint8_t *)(logon + 1), size - sizeof(*logon), key, key_size);

	explicit_bzero(session->exported, sizeof(session->exported));
	log_in_result(session, right, "it was not made for this server");
}

int kg_session_logon(struct kg_session *session, const struct kg_session_logon *logon, size_t size)
{
	if (session->logon_asked)
		return kg_session_violation(session, "LOGON twice");
	if (logon->has_nonce > 1)
		return kg_session_violation(session, "LOGON with a nonce that is neither there nor not");
	session->logon_asked = true;
	if (session->proved && session->context->config->security == KG_SECURITY_NLA)
		check_binding(session, logon, size);
	/* PAM's result was sent before LOGON, but comes on another channel: it is as good as here. */
	if (session->context->config->security == KG_SECURITY_TLS && !session->verified && session->auth_control) {
		session->logon_waits = true;
		return 0;
	}
	return kg_session_welcome(session);
}

int kg_session_verify(struct kg_session *session, const struct kg_auth_verify *ask, size_t size)
{
	struct kg_verify_result result = { 0 };
	struct kg_auth_key key;
	int r;

	if (session->verified)
		return kg_session_violation(session, "its auth asked for a second key");
	session->verified = true;
	(void)kg_hashes_refresh(session->context->hashes);
	kg_verify_ntlm(session->context->hashes, ask, (const uint8_t *)(ask + 1), size - sizeof(*ask), kg_filetime_now(),
		       &result);
	memcpy(key.key, result.key, sizeof(key.key));
	memcpy(key.session_key, result.session_key, sizeof(key.session_key));
	r = kg_channel_send(session->auth_control, KG_AUTH_KEY, &key, sizeof(key));
	explicit_bzero(&key, sizeof(key));
	memcpy(session->user, result.user, sizeof(session->user));
	memcpy(session->exported, result.exported, sizeof(session->exported));
	if (result.ok)
		session->proved = true;		// but for what LOGON brings
	else
		log_in_result(session, false, result.why);
	explicit_bzero(&result, sizeof(result));
	return r;
}

int kg_session_pam_result(struct kg_session *session, const struct kg_auth_pam_result *result)
{
	if (session->verified || session->context->config->security != KG_SECURITY_TLS)
		return kg_session_violation(session, "its auth sent a second result");
	session->verified = true;
	snprintf(session->user, sizeof(session->user), "%.*s", (int)sizeof(result->user) - 1, result->user);
	log_in_result(session, result->ok == 1 && session->user[0], NULL);
	return session->logon_waits ? kg_session_welcome(session) : 0;
}

