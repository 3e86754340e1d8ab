/* One connection: a pair of processes, its states and its messages. */
#include "server/broker/session-impl.h"

#include "base/limits.h"
#include "base/loop.h"
#include "server/broker/audit.h"
#include "server/broker/desktops.h"
#include "server/broker/directory.h"
#include "server/broker/keys.h"
#include "server/broker/spawn.h"
#include "server/control/auth-messages.h"
#include "server/control/channel.h"

#include <stdio.h>
#include <sys/wait.h>

#define READY_US 20000000	// from start to READY
#define END_US 1200000		// from END to SIGKILL
#define GONE_US 500000		// from a closed channel to SIGKILL
#define AUTH_GRACE_US 1000000
#define ATTACHES_MAX 4		// to one process of a desktop: more is a session that plays with it

const char *kg_session_state_text(enum kg_session_state state)
{
	static const char *const text[] = { "starting", "spare", "handshake", "logged in", "attached", "ending" };

	return text[state];
}

void kg_session_set_deadline(struct kg_session *session, uint64_t in_us)
{
	kg_watch_arm(session->deadline, in_us);
}

/* How it ended: the first word counts. */
static void set_why(struct kg_session *session, const char *why)
{
	if (!session->why[0])
		snprintf(session->why, sizeof(session->why), "%s", why);
}

/* The session has to go, without a word. */
static void doom(struct kg_session *session, const char *why)
{
	set_why(session, why);
	session->state = KG_SESSION_ENDING;
	kg_session_set_deadline(session, UINT64_MAX);
	kg_process_kill(session->process);
}

int kg_session_violation(struct kg_session *session, const char *what)
{
	(void)kg_warn(0, "session[%d] from %s: %s", session->pid, session->peer.host, what);
	set_why(session, kg_end_reason_text(KG_END_VIOLATION));
	return -EPROTO;
}

static void on_deadline(void *data)
{
	struct kg_session *session = data;

	switch (session->state) {
	case KG_SESSION_STARTING:
		(void)kg_err(-ETIMEDOUT, "a spare session is not ready");
		break;
	case KG_SESSION_HANDSHAKING:
	case KG_SESSION_LOGGED_IN:
		set_why(session, "deadline");
		break;
	default:
		break;
	}
	doom(session, "did not end by itself");
}

/* ---- both are ready ---- */

static void check_ready(struct kg_session *session)
{
	if (!session->ready || !session->auth_ready)
		return;
	session->state = KG_SESSION_SPARE;
	kg_session_set_deadline(session, UINT64_MAX);
	session->context->spare(session->context->data, session);
}

static int on_ready(struct kg_session *session, const struct kg_session_ready *ready)
{
	if (session->state != KG_SESSION_STARTING || session->ready)
		return kg_session_violation(session, "READY twice");
	session->ready = true;
	session->layers = (int)ready->layers;
	session->freerdp = ready->freerdp;
	kg_debug("session[%d]: ready %.1f ms after its start", session->pid, (double)(kg_now_us() - session->started_us) / 1000);
	check_ready(session);
	return 0;
}

/* ---- desktop ---- */

static void on_view(void *data, int fd, const struct kg_id *desktop, int error)
{
	struct kg_session *session = data;
	struct kg_session_view view = { .desktop = *desktop };

	session->want = NULL;
	if (error < 0) {
		(void)kg_warn(error, "no desktop for session[%d]", session->pid);
		kg_session_end(session, error == -ESHUTDOWN ? KG_END_SHUTDOWN : KG_END_NO_DESKTOP);
		return;
	}
	if (kg_channel_send_fd(session->control, KG_SESSION_VIEW, &view, sizeof(view), fd) < 0)
		return;
	session->state = KG_SESSION_ATTACHED;
	kg_session_set_deadline(session, UINT64_MAX);
	if (session->desktop_starts != kg_desktop_starts(session->desktop)) {
		session->desktop_starts = kg_desktop_starts(session->desktop);
		session->attaches = 0;
	}
	session->attaches++;
}

/* The first ATTACH: is this client the one that was there, and who has to make room? False: refused. */
static bool come_in(struct kg_session *session, const struct kg_session_attach *attach)
{
	const struct kg_session_context *context = session->context;
	const struct kg_config_desktop *desktop = kg_directory_find(context->config, session->user);
	enum kg_cookie_verdict verdict = KG_COOKIE_UNKNOWN;
	char name[KG_AUDIT_NAME_SIZE];

	snprintf(session->client, sizeof(session->client), "%.*s", (int)sizeof(attach->client), attach->client);
	session->width = attach->width;
	session->height = attach->height;
	if (!desktop) {
		(void)kg_warn(0, "user \"%s\" has no desktop", kg_audit_name(session->user, name));
		kg_session_end(session, KG_END_NO_DESKTOP);
		return false;
	}
	session->desktop = kg_desktops_find(context->desktops, desktop->name);
	if (attach->has_cookie)
		verdict = kg_cookies_check(context->cookies, session->user, attach->logon_id, attach->verifier);
	if (attach->has_cookie)
		kg_info("user \"%s\" comes back by itself%s", kg_audit_name(session->user, name),
			verdict == KG_COOKIE_GOOD ? "" : ", with an old cookie");
	if (!context->attach(context->data, session, attach->has_cookie && verdict == KG_COOKIE_OLD)) {
		kg_session_end(session, KG_END_TAKEN_OVER);
		return false;
	}
	(void)kg_cookies_keep(context->cookies, session->user, &session->cookie);
	explicit_bzero(&session->cookie, sizeof(session->cookie));
	kg_channel_free(session->auth_control);
	session->auth_control = NULL;
	kg_process_release(session->auth, AUTH_GRACE_US);
	session->auth = NULL;
	return true;
}

static int on_attach(struct kg_session *session, const struct kg_session_attach *attach)
{
	if (session->want)
		return kg_session_violation(session, "ATTACH twice");
	if (session->state == KG_SESSION_LOGGED_IN && !session->desktop && !come_in(session, attach))
		return 0;
	if (session->state == KG_SESSION_ATTACHED && session->desktop_starts == kg_desktop_starts(session->desktop) &&
	    session->attaches >= ATTACHES_MAX) {
		/* Either of the two may be the one that breaks the views: it is no violation, and the client is told. */
		(void)kg_warn(0, "session[%d] from %s: ATTACH too often", session->pid, session->peer.host);
		kg_session_end(session, KG_END_DESKTOP_LOST);
		return 0;
	}
	return kg_desktop_want_new(&session->want, session->desktop, &session->id, on_view, session);
}

/* ---- messages ---- */

static int on_control(void *data, struct kg_message *message)
{
	struct kg_session *session = data;

	/* After END nothing is answered any more; what was under way is no violation. */
	if (session->state == KG_SESSION_ENDING)
		return 0;
	switch (message->id) {
	case KG_SESSION_READY:
		return on_ready(session, message->body);
	case KG_SESSION_SIGN:
		return kg_session_sign(session, message->body, message->size);
	case KG_SESSION_LOGON:
		return kg_session_logon(session, message->body, message->size);
	case KG_SESSION_ATTACH:
		return on_attach(session, message->body);
	default:
		return -EPROTO;
	}
}

static void on_control_ended(void *data, int error)
{
	struct kg_session *session = data;

	kg_channel_free(session->control);
	session->control = NULL;
	session->logon_waits = false;	// nobody is left to be told
	kg_desktop_want_free(session->want);
	session->want = NULL;
	if (error == -EPROTO || error == -ENOBUFS)
		return doom(session, kg_end_reason_text(KG_END_VIOLATION));
	/* It is about to end; on_process_ended() says how. */
	session->state = KG_SESSION_ENDING;
	kg_session_set_deadline(session, GONE_US);
}

static int on_auth(void *data, struct kg_message *message)
{
	struct kg_session *session = data;
	const struct kg_auth_ready *ready = message->body;

	if (session->state == KG_SESSION_ENDING)
		return 0;
	if (message->id == KG_AUTH_READY) {
		if (session->state != KG_SESSION_STARTING || session->auth_ready)
			return kg_session_violation(session, "its auth said READY twice");
		session->auth_ready = true;
		session->auth_layers = (int)ready->layers;
		kg_channel_set_phase(session->auth_control, KG_AUTH_RUN);
		check_ready(session);
		return 0;
	}
	if (session->state != KG_SESSION_HANDSHAKING)
		return kg_session_violation(session, "its auth spoke at the wrong time");
	switch (message->id) {
	case KG_AUTH_VERIFY:
		if (session->context->config->security != KG_SECURITY_NLA)
			return kg_session_violation(session, "its auth asked for a key");
		return kg_session_verify(session, message->body, message->size);
	case KG_AUTH_PAM_RESULT:
		return kg_session_pam_result(session, message->body);
	default:
		return -EPROTO;
	}
}

/* Without its auth a session cannot log in; one that has ends it itself (come_in()). */
static void on_auth_ended(void *data, int error)
{
	struct kg_session *session = data;

	kg_channel_free(session->auth_control);
	session->auth_control = NULL;
	if (error == -EPROTO || error == -ENOBUFS || session->state < KG_SESSION_HANDSHAKING)
		doom(session, error ? kg_end_reason_text(KG_END_VIOLATION) : "its auth has ended");
	else if (session->logon_waits)
		(void)kg_session_welcome(session);
}

static void on_auth_process_ended(void *data, int status)
{
	struct kg_session *session = data;
	char text[64];

	session->auth = NULL;
	if (session->state < KG_SESSION_HANDSHAKING) {
		(void)kg_err(0, "a spare auth has ended: %s", kg_status_text(status, text));
		doom(session, "its auth has ended");
	} else if (WIFSIGNALED(status)) {
		(void)kg_warn(0, "auth[%d] from %s: %s", session->auth_pid, session->peer.host, kg_status_text(status, text));
	}
}

/* ---- the end ---- */

/*
 * The client had the right key of this user, and the session never showed that the log-in was meant for us: FreeRDP ends a
 * connection whose pubKeyAuth is about another server by itself. Whoever relays a log-in leaves this line.
 */
static void note_unfinished(const struct kg_session *session)
{
	char name[KG_AUDIT_NAME_SIZE];

	(void)kg_warn(0, "session[%d] from %s: the log-in of user \"%s\" was right, but not finished; was it made for another server?",
		      session->pid, session->peer.host, kg_audit_name(session->user, name));
}

static void on_process_ended(void *data, int status)
{
	struct kg_session *session = data;
	const struct kg_session_context *context = session->context;
	char text[64];

	session->process = NULL;
	kg_status_text(status, text);
	/* Not by us: its filter, a fault, or somebody who kills. One that was attacked ends like this. */
	if (WIFSIGNALED(status) && session->connected_us && !session->why[0] && !session->reason)
		(void)kg_warn(0, "session[%d] from %s: %s", session->pid, session->peer.host, text);
	if (session->proved && !session->logon_asked && !session->reason && context->config->security == KG_SECURITY_NLA)
		note_unfinished(session);
	set_why(session, session->reason ? kg_end_reason_text(session->reason) :
			 status ? text : kg_end_reason_text(KG_END_CLOSED));
	if (session->logged_in_us)
		kg_audit_ended(session->user, &session->peer, &session->id, session->why);
	else if (session->connected_us)
		kg_audit_handshake_ended(&session->peer, session->why);
	else if (session->reason != KG_END_SHUTDOWN)
		(void)kg_err(0, "a spare session has ended: %s", text);
	context->gone(context->data, session);
	kg_session_free(session);
}

void kg_session_end(struct kg_session *session, enum kg_end_reason reason)
{
	struct kg_session_end end = { .reason = reason };

	if (session->state == KG_SESSION_ENDING)
		return;
	session->reason = reason;
	kg_desktop_want_free(session->want);
	session->want = NULL;
	if (session->state < KG_SESSION_HANDSHAKING || !session->control ||
	    kg_channel_send(session->control, KG_SESSION_END, &end, sizeof(end)) < 0)
		return doom(session, kg_end_reason_text(reason));
	session->state = KG_SESSION_ENDING;
	kg_session_set_deadline(session, END_US);
}

/* ---- start ---- */

static const struct kg_channel_events control_events = { on_control, on_control_ended };
static const struct kg_channel_events auth_events = { on_auth, on_auth_ended };

static int start_session(struct kg_session *session, int login)
{
	const struct kg_session_context *context = session->context;
	struct kg_session_setup setup = {
		.security = context->config->security,
		.sandbox = context->config->sandbox,
		.uid = context->uid,
		.gid = context->gid,
		.log_level = kg_log_level,
	};
	int pair[2], r = kg_channel_pair(pair);
	int fds[] = { pair[1], login };
	struct kg_process_how how = { .program = "kagami-session", .label = "session", .fds = fds, .fd_count = 2 };
	const char *pem;
	size_t pem_size;

	if (r < 0)
		return r;
	r = kg_channel_new(&session->control, &kg_session_messages, KG_SIDE_A, pair[0], "session", 0);
	if (r == 0)
		r = kg_process_start(&session->process, context->spawner, &how, on_process_ended, session);
	close(pair[1]);
	if (r < 0)
		return r;
	session->pid = (int)kg_process_pid(session->process);
	kg_channel_set_phase(session->control, KG_SESSION_START);
	r = kg_channel_attach(session->control, context->loop, &control_events, session);
	pem = kg_tls_keys_pem(context->keys, &pem_size);
	if (r == 0)
		r = kg_channel_send_tail(session->control, KG_SESSION_SETUP, &setup, sizeof(setup), pem, pem_size);
	return r;
}

static int start_auth(struct kg_session *session, int login)
{
	const struct kg_session_context *context = session->context;
	const char *service = context->config->pam_service;
	bool pam = context->config->security == KG_SECURITY_TLS;
	struct kg_auth_setup setup = {
		.security = context->config->security,
		.sandbox = context->config->sandbox,
		.uid = context->uid,
		.gid = context->gid,
		.log_level = kg_log_level,
	};
	int pair[2], r = kg_channel_pair(pair);
	int fds[] = { pair[1], login };
	struct kg_process_how how = { .program = "kagami-auth", .label = "auth", .fds = fds, .fd_count = 2 };

	if (r < 0)
		return r;
	r = kg_channel_new(&session->auth_control, &kg_auth_messages, KG_SIDE_A, pair[0], "auth", 0);
	if (r == 0)
		r = kg_process_start(&session->auth, context->spawner, &how, on_auth_process_ended, session);
	close(pair[1]);
	if (r < 0)
		return r;
	session->auth_pid = (int)kg_process_pid(session->auth);
	kg_channel_set_phase(session->auth_control, KG_AUTH_START);
	r = kg_channel_attach(session->auth_control, context->loop, &auth_events, session);
	if (r == 0)
		r = kg_channel_send_tail(session->auth_control, KG_AUTH_SETUP, &setup, sizeof(setup), service,
					 pam ? strnlen(service, KG_AUTH_SERVICE_MAX) : 0);
	return r;
}

int kg_session_new(struct kg_session **ret, const struct kg_session_context *context)
{
	struct kg_session *session = calloc(1, sizeof(*session));
	int login[2] = { -1, -1 }, r;

	if (!session)
		return -ENOMEM;
	session->context = context;
	session->started_us = kg_now_us();
	r = kg_id_random(&session->id);
	if (r == 0)
		r = kg_loop_timer(context->loop, &session->deadline, READY_US, on_deadline, session);
	if (r == 0)
		r = kg_channel_pair(login);
	if (r == 0)
		r = start_session(session, login[0]);
	if (r == 0)
		r = start_auth(session, login[1]);
	kg_close(login[0]);
	kg_close(login[1]);
	if (r < 0) {
		kg_session_free(session);
		return r;
	}
	*ret = session;
	return 0;
}

void kg_session_free(struct kg_session *session)
{
	if (!session)
		return;
	if (session->counted)
		kg_limits_ended(session->context->limits, &session->peer.address, session->counted_session);
	kg_desktop_want_free(session->want);
	kg_channel_free(session->control);
	kg_channel_free(session->auth_control);
	kg_process_free(session->process);
	kg_process_free(session->auth);
	kg_watch_free(session->deadline);
	explicit_bzero(session, sizeof(*session));
	free(session);
}

int kg_session_connect(struct kg_session *session, int fd, const struct kg_peer *peer)
{
	struct kg_session_connect connect = { .session = session->id };
	int r = kg_channel_send_fd(session->control, KG_SESSION_CONNECT, &connect, sizeof(connect), fd);

	if (r < 0) {
		doom(session, "its channel is broken");
		return r;
	}
	session->peer = *peer;
	session->counted = true;
	session->connected_us = kg_now_us();
	session->state = KG_SESSION_HANDSHAKING;
	kg_channel_set_phase(session->control, KG_SESSION_HANDSHAKE);
	kg_session_set_deadline(session, session->context->config->handshake_s * 1000000ull);
	return 0;
}
