/* The set of sessions: spares, hand-over, take-over, end. */
#define KG_TOPIC "sessions"
#include "server/broker/sessions.h"

#include "base/loop.h"
#include "server/broker/audit.h"

#define PAUSE_FIRST_US 100000
#define PAUSE_MAX_US 5000000
#define FIRST_FAILURES_MAX 4	// when not one has ever been ready: something is wrong for good

/* A connection that came when no spare was ready. */
struct queued {
	TAILQ_ENTRY(queued) link;
	int fd;
	struct kg_peer peer;
	uint64_t since_us;
};

TAILQ_HEAD(queued_list, queued);

struct kg_sessions {
	struct kg_session_context context;
	struct kg_session_list list;
	struct queued_list queue;		// the oldest first
	struct kg_watch *refill;		// at the next turn, or after a pause when spares do not start
	struct kg_watch *queue_deadline;
	void (*first_spare)(void *data, struct kg_session *spare);
	void *first_spare_data;
	uint32_t failures;			// spares in a row that ended before they were ready
	uint32_t freerdp;
	bool ending;
};

static size_t count(const struct kg_sessions *sessions, enum kg_session_state from, enum kg_session_state to)
{
	const struct kg_session *session;
	size_t n = 0;

	TAILQ_FOREACH(session, &sessions->list, link)
		n += session->state >= from && session->state <= to;
	return n;
}

/* ---- spares ---- */

static void pause_after_failure(struct kg_sessions *sessions)
{
	uint64_t pause = PAUSE_FIRST_US << KG_MIN(sessions->failures, 6u);

	sessions->failures++;
	if (sessions->failures == FIRST_FAILURES_MAX && sessions->first_spare) {
		sessions->first_spare(sessions->first_spare_data, NULL);
		return;
	}
	kg_watch_arm(sessions->refill, KG_MIN(pause, (uint64_t)PAUSE_MAX_US));
}

static void on_refill(void *data)
{
	struct kg_sessions *sessions = data;
	struct kg_session *session;
	int r;

	while (!sessions->ending && count(sessions, KG_SESSION_STARTING, KG_SESSION_SPARE) < KG_SPARES) {
		r = kg_session_new(&session, &sessions->context);
		if (r < 0) {
			(void)kg_err(r, "cannot start a session");
			pause_after_failure(sessions);
			return;
		}
		TAILQ_INSERT_TAIL(&sessions->list, session, link);
	}
}

static void arm_queue_deadline(struct kg_sessions *sessions)
{
	struct queued *oldest = TAILQ_FIRST(&sessions->queue);
	uint64_t at, now = kg_now_us();

	if (!oldest) {
		kg_watch_arm(sessions->queue_deadline, UINT64_MAX);
		return;
	}
	at = oldest->since_us + sessions->context.config->handshake_s * 1000000ull;
	kg_watch_arm(sessions->queue_deadline, at > now ? at - now : 0);
}

static void queued_free(struct kg_sessions *sessions, struct queued *queued)
{
	TAILQ_REMOVE(&sessions->queue, queued, link);
	kg_close(queued->fd);
	free(queued);
	arm_queue_deadline(sessions);
}

static void refuse_queued(struct kg_sessions *sessions, struct queued *queued)
{
	kg_audit_refused(&queued->peer, "no session could be started");
	kg_limits_ended(sessions->context.limits, &queued->peer.address, false);
	queued_free(sessions, queued);
}

static void on_queue_deadline(void *data)
{
	struct kg_sessions *sessions = data;
	struct queued *oldest;

	while ((oldest = TAILQ_FIRST(&sessions->queue)) &&
	       oldest->since_us + sessions->context.config->handshake_s * 1000000ull <= kg_now_us())
		refuse_queued(sessions, oldest);
	arm_queue_deadline(sessions);
}

/* Gives a client to a spare. False when there is none. */
static bool hand_over(struct kg_sessions *sessions, int fd, const struct kg_peer *peer)
{
	struct kg_session *session;

	TAILQ_FOREACH(session, &sessions->list, link) {
		if (session->state == KG_SESSION_SPARE && kg_session_connect(session, fd, peer) == 0)
			break;
	}
	if (session && !sessions->failures)
		kg_watch_arm(sessions->refill, 0);
	return session;
}

static void on_spare(void *data, struct kg_session *session)
{
	struct kg_sessions *sessions = data;
	struct queued *queued = TAILQ_FIRST(&sessions->queue);

	if (sessions->failures)		// the pause is over, too
		kg_watch_arm(sessions->refill, 0);
	sessions->failures = 0;
	sessions->freerdp = session->freerdp;
	if (sessions->first_spare) {
		void (*first)(void *, struct kg_session *) = sessions->first_spare;

		sessions->first_spare = NULL;
		first(sessions->first_spare_data, session);
	}
	if (queued && hand_over(sessions, queued->fd, &queued->peer))
		queued_free(sessions, queued);
}

void kg_sessions_connect(struct kg_sessions *sessions, int fd, const struct kg_peer *peer)
{
	struct queued *queued;

	if (hand_over(sessions, fd, peer)) {
		close(fd);
		return;
	}
	queued = calloc(1, sizeof(*queued));
	if (!queued) {
		kg_limits_ended(sessions->context.limits, &peer->address, false);
		close(fd);
		return;
	}
	queued->fd = fd;
	queued->peer = *peer;
	queued->since_us = kg_now_us();
	TAILQ_INSERT_TAIL(&sessions->queue, queued, link);
	arm_queue_deadline(sessions);
}

static void on_gone(void *data, struct kg_session *session)
{
	struct kg_sessions *sessions = data;

	TAILQ_REMOVE(&sessions->list, session, link);
	if (sessions->ending)
		return;
	if (!session->ready || !session->auth_ready)
		pause_after_failure(sessions);
	else if (!sessions->failures)
		kg_watch_arm(sessions->refill, 0);
}

/* ---- take-over ---- */

/*
 * The last log-in has the desktop; those before it are told. Except where a client came back by itself with a cookie that is
 * not the last one, while a newer client of the user is there: it must not take turns with that for ever.
 */
static bool on_attach(void *data, struct kg_session *session, bool came_back_late)
{
	struct kg_sessions *sessions = data;
	struct kg_session *other, *next;

	for (other = TAILQ_FIRST(&sessions->list); other; other = next) {
		next = TAILQ_NEXT(other, link);
		if (other == session || other->state == KG_SESSION_ENDING || !other->desktop ||
		    strcmp(other->user, session->user))
			continue;
		if (came_back_late)
			return false;
		kg_session_end(other, KG_END_TAKEN_OVER);
	}
	return true;
}

/* ---- all of them ---- */

int kg_sessions_new(struct kg_sessions **ret, const struct kg_session_context *parts)
{
	struct kg_sessions *sessions = calloc(1, sizeof(*sessions));
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;
	int r;

	if (!sessions)
		return -ENOMEM;
	TAILQ_INIT(&sessions->list);
	TAILQ_INIT(&sessions->queue);
	sessions->context = *parts;
	sessions->context.spare = on_spare;
	sessions->context.attach = on_attach;
	sessions->context.gone = on_gone;
	sessions->context.data = sessions;
	r = kg_cookies_new(&sessions->context.cookies);
	if (r == 0)
		r = kg_loop_timer(parts->loop, &sessions->refill, UINT64_MAX, on_refill, sessions);
	if (r == 0)
		r = kg_loop_timer(parts->loop, &sessions->queue_deadline, UINT64_MAX, on_queue_deadline, sessions);
	if (r == 0 && geteuid() == 0) {
		r = kg_sandbox_user(parts->config->session_user, &uid, &gid);
		if (r < 0)
			(void)kg_err(r, "session-user = %s", parts->config->session_user);
	}
	if (r < 0) {
		kg_sessions_free(sessions);
		return r;
	}
	sessions->context.uid = uid;
	sessions->context.gid = gid;
	*ret = sessions;
	return 0;
}

void kg_sessions_free(struct kg_sessions *sessions)
{
	struct kg_session *session;

	if (!sessions)
		return;
	while ((session = TAILQ_FIRST(&sessions->list))) {
		TAILQ_REMOVE(&sessions->list, session, link);
		kg_session_free(session);
	}
	while (!TAILQ_EMPTY(&sessions->queue))
		queued_free(sessions, TAILQ_FIRST(&sessions->queue));
	kg_watch_free(sessions->refill);
	kg_watch_free(sessions->queue_deadline);
	kg_cookies_free(sessions->context.cookies);
	free(sessions);
}

void kg_sessions_start(struct kg_sessions *sessions, void (*first_spare)(void *data, struct kg_session *spare), void *data)
{
	sessions->first_spare = first_spare;
	sessions->first_spare_data = data;
	on_refill(sessions);
}

void kg_sessions_end(struct kg_sessions *sessions)
{
	struct kg_session *session;

	sessions->ending = true;
	kg_watch_arm(sessions->refill, UINT64_MAX);
	while (!TAILQ_EMPTY(&sessions->queue))
		refuse_queued(sessions, TAILQ_FIRST(&sessions->queue));
	TAILQ_FOREACH(session, &sessions->list, link)
		kg_session_end(session, KG_END_SHUTDOWN);
}

void kg_sessions_end_desktop(struct kg_sessions *sessions, const struct kg_desktop *desktop, enum kg_end_reason reason)
{
	struct kg_session *session;

	TAILQ_FOREACH(session, &sessions->list, link) {
		if (session->desktop == desktop)
			kg_session_end(session, reason);
	}
}

bool kg_sessions_kick(struct kg_sessions *sessions, const struct kg_id *id)
{
	struct kg_session *session;

	TAILQ_FOREACH(session, &sessions->list, link) {
		if (session->connected_us && kg_id_equal(&session->id, id)) {
			kg_session_end(session, KG_END_KICKED);
			return true;
		}
	}
	return false;
}

struct kg_session *kg_sessions_next(struct kg_sessions *sessions, struct kg_session *session)
{
	return session ? TAILQ_NEXT(session, link) : TAILQ_FIRST(&sessions->list);
}

size_t kg_sessions_spares(const struct kg_sessions *sessions)
{
	return count(sessions, KG_SESSION_SPARE, KG_SESSION_SPARE);
}

uint32_t kg_sessions_freerdp(const struct kg_sessions *sessions)
{
	return sessions->freerdp;
}
