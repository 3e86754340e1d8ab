/* The table of messages between a session and its kagami-auth. */
#include "server/control/login-messages.h"

static const struct kg_message_type types[] = {
	KG_MESSAGE_TAIL(KG_LOGIN_ACCEPT, KG_SIDE_A, KG_LOGIN_NLA, struct kg_login_question, KG_LOGIN_DATA_MAX),
	KG_MESSAGE(KG_LOGIN_SIZES, KG_SIDE_A, KG_LOGIN_NLA, struct kg_login_question),
	KG_MESSAGE_TAIL(KG_LOGIN_ENCRYPT, KG_SIDE_A, KG_LOGIN_NLA, struct kg_login_question, KG_LOGIN_DATA_MAX),
	KG_MESSAGE_TAIL(KG_LOGIN_DECRYPT, KG_SIDE_A, KG_LOGIN_NLA, struct kg_login_question, KG_LOGIN_DATA_MAX),
	KG_MESSAGE_TAIL(KG_LOGIN_RESULT, KG_SIDE_B, KG_LOGIN_NLA, struct kg_login_result, KG_LOGIN_DATA_MAX),
	KG_MESSAGE_TAIL(KG_LOGIN_PASSWORD, KG_SIDE_A, KG_LOGIN_PAM, struct kg_login_password, KG_LOGIN_PASSWORD_MAX),
	KG_MESSAGE(KG_LOGIN_PASSWORD_RESULT, KG_SIDE_B, KG_LOGIN_PAM, struct kg_login_password_result),
};

const struct kg_message_set kg_login_messages = { "login", types, KG_ARRAY_SIZE(types) };
