/* The table of messages between kagamid and a desktop. */
#include "server/control/host-messages.h"

static const struct kg_message_type types[] = {
	KG_MESSAGE_EMPTY_FD(KG_HOST_SOURCE, KG_SIDE_A, KG_HOST_START),
	KG_MESSAGE_TAIL(KG_HOST_SETUP, KG_SIDE_A, KG_HOST_START, struct kg_host_setup, KG_HOST_WHERE_MAX),
	KG_MESSAGE(KG_HOST_READY, KG_SIDE_B, KG_HOST_START, struct kg_host_ready),
	KG_MESSAGE_FD(KG_HOST_VIEW, KG_SIDE_A, KG_HOST_RUN, struct kg_host_view),
	KG_MESSAGE(KG_HOST_PING, KG_SIDE_A, KG_HOST_RUN, struct kg_host_beat),
	KG_MESSAGE(KG_HOST_PONG, KG_SIDE_B, KG_HOST_RUN, struct kg_host_beat),
	KG_MESSAGE_TAIL(KG_HOST_LOST, KG_SIDE_B, KG_HOST_ANY, struct kg_host_lost, KG_HOST_TEXT_MAX),
	KG_MESSAGE(KG_HOST_END, KG_SIDE_A, KG_HOST_ANY, struct kg_host_end),
};

const struct kg_message_set kg_host_messages = { "host", types, KG_ARRAY_SIZE(types) };
