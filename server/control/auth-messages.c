/* The table of messages between kagamid and a kagami-auth. */
#include "server/control/auth-messages.h"

static const struct kg_message_type types[] = {
	KG_MESSAGE_TAIL(KG_AUTH_SETUP, KG_SIDE_A, KG_AUTH_START, struct kg_auth_setup, KG_AUTH_SERVICE_MAX),
	KG_MESSAGE(KG_AUTH_READY, KG_SIDE_B, KG_AUTH_START, struct kg_auth_ready),
	KG_MESSAGE_TAIL(KG_AUTH_VERIFY, KG_SIDE_B, KG_AUTH_RUN, struct kg_auth_verify, KG_AUTH_VERIFY_MAX),
	KG_MESSAGE(KG_AUTH_KEY, KG_SIDE_A, KG_AUTH_RUN, struct kg_auth_key),
	KG_MESSAGE(KG_AUTH_PAM_RESULT, KG_SIDE_B, KG_AUTH_RUN, struct kg_auth_pam_result),
};

const struct kg_message_set kg_auth_messages = { "auth", types, KG_ARRAY_SIZE(types) };
