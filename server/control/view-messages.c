/* The table of messages of the view channel. */
#include "server/control/view-messages.h"

static const struct kg_message_type types[] = {
	KG_MESSAGE(KG_VIEW_OPEN, KG_SIDE_A, KG_VIEW_OPENING, struct kg_view_open),
	KG_MESSAGE(KG_VIEW_GRAPHICS, KG_SIDE_A, KG_VIEW_RUN, struct kg_view_graphics),
	KG_MESSAGE(KG_VIEW_SUPPRESS, KG_SIDE_A, KG_VIEW_RUN, struct kg_view_suppress),
	KG_MESSAGE(KG_VIEW_REFRESH, KG_SIDE_A, KG_VIEW_RUN, struct kg_view_rect),
	KG_MESSAGE(KG_VIEW_CREDIT, KG_SIDE_A, KG_VIEW_RUN, struct kg_view_credit),
	KG_MESSAGE(KG_VIEW_ACKNOWLEDGED, KG_SIDE_A, KG_VIEW_RUN, struct kg_view_acknowledged),
	KG_MESSAGE(KG_VIEW_KEY, KG_SIDE_A, KG_VIEW_RUN, struct kg_view_key),
	KG_MESSAGE(KG_VIEW_TEXT, KG_SIDE_A, KG_VIEW_RUN, struct kg_view_text),
	KG_MESSAGE(KG_VIEW_MOTION, KG_SIDE_A, KG_VIEW_RUN, struct kg_view_motion),
	KG_MESSAGE(KG_VIEW_BUTTON, KG_SIDE_A, KG_VIEW_RUN, struct kg_view_button),
	KG_MESSAGE(KG_VIEW_WHEEL, KG_SIDE_A, KG_VIEW_RUN, struct kg_view_wheel),
	KG_MESSAGE(KG_VIEW_LOCKS, KG_SIDE_A, KG_VIEW_RUN, struct kg_view_locks),
	KG_MESSAGE_EMPTY(KG_VIEW_OFFER, KG_SIDE_A, KG_VIEW_RUN),
	KG_MESSAGE_EMPTY_FD(KG_VIEW_RING, KG_SIDE_B, KG_VIEW_OPENING),
	KG_MESSAGE(KG_VIEW_SIZE, KG_SIDE_B, KG_VIEW_RUN, struct kg_view_size),
	KG_MESSAGE(KG_VIEW_SLICE, KG_SIDE_B, KG_VIEW_RUN, struct kg_view_slice),
	KG_MESSAGE(KG_VIEW_CURSOR, KG_SIDE_B, KG_VIEW_RUN, struct kg_view_cursor),
	KG_MESSAGE(KG_VIEW_WARP, KG_SIDE_B, KG_VIEW_RUN, struct kg_view_warp),
	KG_MESSAGE(KG_VIEW_LEDS, KG_SIDE_B, KG_VIEW_RUN, struct kg_view_locks),
	KG_MESSAGE_TAIL(KG_VIEW_END, KG_SIDE_B, KG_VIEW_ANY, struct kg_view_end, KG_VIEW_TEXT_MAX),
};

const struct kg_message_set kg_view_messages = { "view", types, KG_ARRAY_SIZE(types) };
