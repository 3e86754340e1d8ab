/* Log-in: what the client proved to kagami-auth, and kagamid's word on it. */
#define KG_TOPIC "login"
#include "server/session/login.h"

#include "base/limits.h"
#include "base/log.h"
#include "server/control/channel.h"
#include "server/control/login-messages.h"
#include "server/session/security.h"
#include "server/session/session.h"
#include "server/session/wlog.h"

#include <winpr/string.h>

#define WELCOME_MS 10000
#define PAM_MS 60000		// PAM waits on purpose; kagamid's deadline is shorter

/* Wipes a setting that FreeRDP keeps as text. */
static void wipe(rdpSettings *settings, FreeRDP_Settings_Keys_String key)
{
	char *text = freerdp_settings_get_string_writable(settings, key);

	if (text)
		explicit_bzero(text, strlen(text));
	(void)freerdp_settings_set_string(settings, key, NULL);
}

static int ask_for_welcome(struct kg_session *session)
{
	struct kg_tsrequest *binding = &session->binding;
	struct kg_session_logon logon = { .has_nonce = binding->has_nonce };
	struct kg_session_welcome welcome;
	size_t size = sizeof(welcome);
	int r;

	memcpy(logon.nonce, binding->nonce, sizeof(logon.nonce));
	r = kg_channel_ask(session->control, KG_SESSION_LOGON, &logon, sizeof(logon), binding->sealed, binding->sealed_size,
			   KG_SESSION_WELCOME, &welcome, &size, NULL, WELCOME_MS);

	/* The attempt is over, whatever came of it. */
	kg_security_set_login(NULL);
	kg_channel_free(session->login);
	session->login = NULL;
	if (r < 0)
		return kg_err(r, "kagamid does not answer");
	if (size != sizeof(welcome) || !welcome.ok)
		return -EACCES;
	session->logon_id = welcome.logon_id;
	memcpy(session->reconnect_random, welcome.reconnect_random, sizeof(session->reconnect_random));
	explicit_bzero(&welcome, sizeof(welcome));
	kg_channel_set_phase(session->control, KG_SESSION_OPEN);
	session->state = KG_SESSION_IS_WELCOME;
	kg_wlog_logged_in();
	return 0;
}

int kg_login_nla(struct kg_session *session)
{
	/* kagami-auth has blanked it; this is for what it could not find. */
	wipe(kg_session_settings(session), FreeRDP_Password);
	return ask_for_welcome(session);
}

static int ask_auth(struct kg_session *session, const char *user, const char *password)
{
	struct kg_login_password head = {
		.user = (uint16_t)strnlen(user, KG_LOGIN_PASSWORD_MAX + 1),
		.password = (uint16_t)strnlen(password, KG_LOGIN_PASSWORD_MAX + 1),
	};
	struct kg_login_password_result result;
	uint8_t tail[KG_LOGIN_PASSWORD_MAX];
	size_t size = sizeof(result), tail_size = (size_t)head.user + head.password;
	int r;

	if (head.user > KG_NAME_MAX || tail_size > sizeof(tail))
		return -EACCES;
	memcpy(tail, user, head.user);
	memcpy(tail + head.user, password, head.password);
	r = kg_channel_ask(session->login, KG_LOGIN_PASSWORD, &head, sizeof(head), tail, tail_size, KG_LOGIN_PASSWORD_RESULT,
			   &result, &size, NULL, PAM_MS);
	explicit_bzero(tail, sizeof(tail));
	if (r < 0)
		return kg_err(r, "kagami-auth does not answer");
	return size == sizeof(result) && result.ok ? 0 : -EACCES;
}

/* The client's password in UTF-8, wiped where it came from; empty when it is none. */
static void take_password(struct kg_client_password *from, char *to, size_t room)
{
	WCHAR wide[KG_CLIENT_PASSWORD_MAX / sizeof(WCHAR)];

	memset(to, 0, room);
	if (from->wide) {
		memcpy(wide, from->bytes, from->size);
		if (ConvertWCharNToUtf8(wide, from->size / sizeof(WCHAR), to, room) < 0)
			explicit_bzero(to, room);
		explicit_bzero(wide, sizeof(wide));
	} else {
		memcpy(to, from->bytes, KG_MIN((size_t)from->size, room - 1));
	}
	explicit_bzero(from, sizeof(*from));
}

int kg_login_password(struct kg_session *session)
{
	rdpSettings *settings = kg_session_settings(session);
	const char *user = freerdp_settings_get_string(settings, FreeRDP_Username);
	char password[KG_LOGIN_PASSWORD_MAX + 1];
	int r;

	take_password(&session->transport.password, password, sizeof(password));
	r = session->login ? ask_auth(session, user ? user : "", password) : -EACCES;
	explicit_bzero(password, sizeof(password));
	wipe(settings, FreeRDP_Username);
	wipe(settings, FreeRDP_Domain);
	return r < 0 ? r : ask_for_welcome(session);
}
