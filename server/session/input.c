/*
 * The client's input events ([MS-RDPBCGR] 2.2.8.1.2.2). A callback that says FALSE ends the connection: what is not
 * understood is dropped instead.
 */
#include "server/session/input.h"

#include "input/keymap.h"
#include "server/session/session.h"

#include <freerdp/input.h>
#include <linux/input-event-codes.h>

#define WHEEL_SIGN 0x100	// of the 9 bits of a rotation
#define LOCKS 0xF

static struct kg_view *view_of(rdpInput *input)
{
	return &kg_session_of(input->context)->view;
}

static BOOL on_keyboard(rdpInput *input, UINT16 flags, UINT8 code)
{
	struct kg_view_key key = {
		.scancode = code,
		.flags = (uint8_t)((flags & KBD_FLAGS_EXTENDED ? KG_SCANCODE_E0 : 0) |
				   (flags & KBD_FLAGS_EXTENDED1 ? KG_SCANCODE_E1 : 0)),
		.down = !(flags & KBD_FLAGS_RELEASE),
	};

	kg_view_send(view_of(input), KG_VIEW_KEY, &key, sizeof(key));
	return TRUE;
}

static BOOL on_unicode(rdpInput *input, UINT16 flags, UINT16 code)
{
	struct kg_view_text text = { .unit = code, .down = !(flags & KBD_FLAGS_RELEASE) };

	kg_view_send(view_of(input), KG_VIEW_TEXT, &text, sizeof(text));
	return TRUE;
}

static BOOL on_synchronize(rdpInput *input, UINT32 flags)
{
	struct kg_view_locks locks = { .locks = flags & LOCKS };

	kg_view_send(view_of(input), KG_VIEW_LOCKS, &locks, sizeof(locks));
	return TRUE;
}

/* A client whose window is larger than the desktop points beside it. */
static void send_position(struct kg_view *view, UINT16 x, UINT16 y)
{
	struct kg_view_motion motion = {
		.x = view->width ? KG_MIN(x, view->width - 1) : x,
		.y = view->height ? KG_MIN(y, view->height - 1) : y,
	};

	kg_view_send(view, KG_VIEW_MOTION, &motion, sizeof(motion));
}

static void send_button(struct kg_view *view, uint16_t evdev, bool down)
{
	struct kg_view_button button = { .evdev = evdev, .down = down };

	kg_view_send(view, KG_VIEW_BUTTON, &button, sizeof(button));
}

/* The rotation is in two's complement, 120 is a notch. Away from the user and to the right are positive, as in the view. */
static void send_wheel(struct kg_view *view, UINT16 flags)
{
	int units = flags & WheelRotationMask;
	struct kg_view_wheel wheel = {
		.units = (int16_t)(units & WHEEL_SIGN ? units - 2 * WHEEL_SIGN : units),
		.horizontal = !!(flags & PTR_FLAGS_HWHEEL),
	};

	kg_view_send(view, KG_VIEW_WHEEL, &wheel, sizeof(wheel));
}

static void send_buttons(struct kg_view *view, UINT16 flags)
{
	bool down = flags & PTR_FLAGS_DOWN;

	if (flags & PTR_FLAGS_BUTTON1)
		send_button(view, BTN_LEFT, down);
	if (flags & PTR_FLAGS_BUTTON2)
		send_button(view, BTN_RIGHT, down);
	if (flags & PTR_FLAGS_BUTTON3)
		send_button(view, BTN_MIDDLE, down);
}

static void send_extended_buttons(struct kg_view *view, UINT16 flags)
{
	bool down = flags & PTR_XFLAGS_DOWN;

	if (flags & PTR_XFLAGS_BUTTON1)
		send_button(view, BTN_SIDE, down);
	if (flags & PTR_XFLAGS_BUTTON2)
		send_button(view, BTN_EXTRA, down);
}

static BOOL on_mouse(rdpInput *input, UINT16 flags, UINT16 x, UINT16 y)
{
	struct kg_view *view = view_of(input);

	if (flags & (PTR_FLAGS_WHEEL | PTR_FLAGS_HWHEEL)) {	// x and y mean nothing
		send_wheel(view, flags);
		return TRUE;
	}
	send_position(view, x, y);
	send_buttons(view, flags);
	return TRUE;
}

static BOOL on_extended_mouse(rdpInput *input, UINT16 flags, UINT16 x, UINT16 y)
{
	struct kg_view *view = view_of(input);

	send_position(view, x, y);
	send_extended_buttons(view, flags);
	return TRUE;
}

/* The extended buttons have bits of their own here ([MS-RDPBCGR] 2.2.8.1.1.3.1.1.7). */
static BOOL on_relative_mouse(rdpInput *input, UINT16 flags, INT16 dx, INT16 dy)
{
	struct kg_view *view = view_of(input);
	struct kg_view_motion motion = { .x = dx, .y = dy, .relative = 1 };

	if (dx || dy)
		kg_view_send(view, KG_VIEW_MOTION, &motion, sizeof(motion));
	send_buttons(view, flags);
	send_extended_buttons(view, flags);
	return TRUE;
}

static BOOL on_qoe(rdpInput *input, UINT32 timestamp_ms)
{
	return TRUE;
}

void kg_session_input_init(struct kg_session *session)
{
	rdpInput *input = session->peer->context->input;

	input->KeyboardEvent = on_keyboard;
	input->UnicodeKeyboardEvent = on_unicode;
	input->SynchronizeEvent = on_synchronize;
	input->MouseEvent = on_mouse;
	input->ExtendedMouseEvent = on_extended_mouse;
	input->RelMouseEvent = on_relative_mouse;
	input->QoEEvent = on_qoe;
}

int kg_session_input_leds(struct kg_session *session, uint32_t locks)
{
	rdpContext *context = session->peer->context;

	return context->update->SetKeyboardIndicators(context, (UINT16)(locks & LOCKS)) ? 0 : -EPIPE;
}
