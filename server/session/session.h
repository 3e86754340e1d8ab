/*
 * One connection of one client: what kagami-session consists of. There is one per process, and one thread. The parts are in
 * files of their own; this is what they share.
 */
#pragma once

#include "server/session/gfx.h"
#include "server/session/legacy.h"
#include "server/session/pointer.h"
#include "server/session/transport.h"
#include "server/session/tsrequest.h"
#include "server/session/view.h"

#include "server/control/reasons.h"
#include "server/control/session-messages.h"

#include <freerdp/freerdp.h>
#include <freerdp/peer.h>

struct kg_channel;
struct kg_loop;

/*
 * Where the connection is:
 *
 *	HANDSHAKE ── Logon / PostConnect, kagamid says welcome ──► WELCOME ── Activate ──► ACTIVE
 *	ACTIVE ── DesktopResize ──► REACTIVATING ── Activate ──► ACTIVE
 *
 * Only in ACTIVE is anything drawn. What ends it does not change the state: see ending.
 */
enum kg_session_state { KG_SESSION_IS_HANDSHAKE, KG_SESSION_IS_WELCOME, KG_SESSION_IS_ACTIVE, KG_SESSION_IS_REACTIVATING };

struct kg_session {
	struct kg_loop *loop;
	struct kg_channel *control;	// kagamid
	struct kg_channel *login;	// kagami-auth, NULL once the log-in is over
	enum kg_security security;
	bool narrowed;			// the second filter is in force

	freerdp_peer *peer;
	HANDLE channels;		// FreeRDP's manager of virtual channels
	enum kg_session_state state;
	bool reachable;			// the client understands a reason now (it is past its log-in)
	bool ending;			// the next turn of the loop is the last
	enum kg_end_reason reason;

	uint32_t logon_id;		// of the automatic reconnection cookie
	uint8_t reconnect_random[16];

	struct kg_transport transport;
	struct kg_tsrequest binding;	// NLA: of the log-in to our key
	struct kg_view view;
	struct kg_gfx gfx;
	struct kg_legacy legacy;
	struct kg_pointer pointer;
};

/* FreeRDP's context of the peer with us behind it. */
struct kg_peer_context {
	rdpContext rdp;			// first
	struct kg_session *session;
};

static inline struct kg_session *kg_session_of(rdpContext *context)
{
	return ((struct kg_peer_context *)context)->session;
}

static inline rdpSettings *kg_session_settings(const struct kg_session *session)
{
	return session->peer->context->settings;
}

/* Ends the connection after this turn of the loop and tells the client why. The first reason stays. */
void kg_session_end(struct kg_session *session, enum kg_end_reason reason);
