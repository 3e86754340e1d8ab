/*
 * A connection as kagamid sees it: a pair of processes, kagami-session and its kagami-auth, started together before there is a
 * client, with a socket pair between them.
 *
 *	                READY of both          CONNECT             LOGON, proved          ATTACH, and a view
 *	starting ─────────────────► spare ─────────────► handshake ─────────────► logged in ─────────────► attached
 *	   │                          │                     │ deadline: SIGKILL       │ deadline: SIGKILL     │ ▲ ATTACH again
 *	   │                          │                     │                         │                       │ │ when the view
 *	   └──────────────────────────┴─────────────────────┴──────────┬──────────────┴───────────────────────┘ ┘ was lost
 *	                                                               ▼
 *	                                END, or the process has gone: ending ──► gone (reaped, counted, logged)
 */
#pragma once

#include "base/id.h"
#include "base/limits.h"
#include "server/broker/cookies.h"
#include "server/broker/listen.h"
#include "server/control/reasons.h"

#include <sys/queue.h>

struct kg_channel;
struct kg_desktop;
struct kg_desktop_want;
struct kg_desktops;
struct kg_hashes;
struct kg_process;
struct kg_session;
struct kg_spawner;
struct kg_tls_keys;

enum kg_session_state {
	KG_SESSION_STARTING,
	KG_SESSION_SPARE,
	KG_SESSION_HANDSHAKING,
	KG_SESSION_LOGGED_IN,
	KG_SESSION_ATTACHED,
	KG_SESSION_ENDING,
};

const char *kg_session_state_text(enum kg_session_state state);

/* What all sessions share. */
struct kg_session_context {
	struct kg_loop *loop;
	const struct kg_config *config;
	struct kg_spawner *spawner;
	struct kg_limits *limits;
	const struct kg_tls_keys *keys;
	struct kg_hashes *hashes;
	struct kg_cookies *cookies;
	struct kg_desktops *desktops;
	uint32_t uid, gid;		// that sessions and auths become; UINT32_MAX: stay

	/* It waits for a connection now. */
	void (*spare)(void *data, struct kg_session *session);
	/* It is about to get its desktop: others of the same user make room. False: refused, taken over by a newer one. */
	bool (*attach)(void *data, struct kg_session *session, bool came_back_late);
	/* Both processes are gone; the session is freed after the call. */
	void (*gone)(void *data, struct kg_session *session);
	void *data;
};

struct kg_session {
	TAILQ_ENTRY(kg_session) link;	// the owner's
	const struct kg_session_context *context;
	enum kg_session_state state;
	struct kg_id id;
	struct kg_process *process, *auth;
	struct kg_channel *control, *auth_control;
	struct kg_watch *deadline;
	struct kg_desktop *desktop;	// once it is known which
	struct kg_desktop_want *want;
	struct kg_peer peer;
	bool ready, auth_ready;		// starting
	bool counted, counted_session;	// in the limits: as a handshake, as a session
	bool signed_once, verified;	// one signature, one log-in attempt
	bool proved, logon_asked;
	bool logon_waits;		// PAM: LOGON came before the proof
	uint8_t exported[16];		// NLA: key of the log-in that was verified, until LOGON shows that it was meant for us
	int pid, auth_pid;		// for log lines, also when the processes are gone
	enum kg_end_reason reason;	// of kagamid's END
	char why[64];			// how it ended, for the log
	char user[KG_NAME_MAX + 1];	// proved; or as it was claimed
	struct kg_cookie cookie;
	char client[65];		// the client's name for itself
	uint16_t width, height;
	uint64_t started_us, connected_us, logged_in_us;
	uint64_t desktop_starts;	// of the desktop when the view was given
	uint32_t attaches;		// to the same process of a desktop
	int layers, auth_layers;
	uint32_t freerdp;
};

TAILQ_HEAD(kg_session_list, kg_session);

int kg_session_new(struct kg_session **ret, const struct kg_session_context *context);
void kg_session_free(struct kg_session *session);	// kills both processes; gone is not called. NULL is fine

/* A spare gets its client, which is counted as a handshake; the session ends that. fd stays the caller's. After an error the
 * client is still the caller's: this spare was dying. */
int kg_session_connect(struct kg_session *session, int fd, const struct kg_peer *peer);

/* Tells the client why; what has not ended soon is killed. One without a client is killed at once. */
void kg_session_end(struct kg_session *session, enum kg_end_reason reason);
