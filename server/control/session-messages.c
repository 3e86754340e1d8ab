/* The table of messages between kagamid and a session. */
#include "server/control/session-messages.h"

static const struct kg_message_type types[] = {
	KG_MESSAGE_TAIL(KG_SESSION_SETUP, KG_SIDE_A, KG_SESSION_START, struct kg_session_setup, KG_SESSION_CERTIFICATE_MAX),
	KG_MESSAGE(KG_SESSION_READY, KG_SIDE_B, KG_SESSION_START, struct kg_session_ready),
	KG_MESSAGE_FD(KG_SESSION_CONNECT, KG_SIDE_A, KG_SESSION_START, struct kg_session_connect),
	KG_MESSAGE_TAIL(KG_SESSION_SIGN, KG_SIDE_B, KG_SESSION_HANDSHAKE, struct kg_session_sign, KG_SESSION_SIGN_MAX),
	KG_MESSAGE_TAIL(KG_SESSION_SIGNED, KG_SIDE_A, KG_SESSION_HANDSHAKE, struct kg_session_signed,
			KG_SESSION_SIGNATURE_MAX),
	KG_MESSAGE_TAIL(KG_SESSION_LOGON, KG_SIDE_B, KG_SESSION_HANDSHAKE, struct kg_session_logon, KG_SESSION_SEALED_MAX),
	KG_MESSAGE(KG_SESSION_WELCOME, KG_SIDE_A, KG_SESSION_HANDSHAKE, struct kg_session_welcome),
	KG_MESSAGE(KG_SESSION_ATTACH, KG_SIDE_B, KG_SESSION_OPEN, struct kg_session_attach),
	KG_MESSAGE_FD(KG_SESSION_VIEW, KG_SIDE_A, KG_SESSION_OPEN, struct kg_session_view),
	KG_MESSAGE(KG_SESSION_END, KG_SIDE_A, KG_SESSION_ANY, struct kg_session_end),
};

const struct kg_message_set kg_session_messages = { "session", types, KG_ARRAY_SIZE(types) };
