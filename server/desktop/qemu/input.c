/*
 * The machine's mouse, and what its keyboard and mouse say of themselves. Calls are sent and not waited for; at most one
 * motion is on its way.
 */
#include "base/limits.h"
#include "server/desktop/qemu/qemu.h"

#include <linux/input-event-codes.h>

#define MOUSE "org.qemu.Display1.Mouse"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define NOTCH 120

/* Calls that QEMU has not answered: beyond, it hangs, and input is dropped until the deadline ends the desktop. */
#define WAITING_MAX 512

/* QEMU's numbers of buttons (InputButton). */
enum button { LEFT, MIDDLE, RIGHT, WHEEL_UP, WHEEL_DOWN, SIDE, EXTRA, WHEEL_LEFT, WHEEL_RIGHT };

static struct kg_qemu *qemu_of(struct kg_input_sink *sink)
{
	return kg_container_of(sink, struct kg_qemu, sink);
}

static int on_answer(sd_bus_message *answer, void *data, sd_bus_error *error)
{
	struct kg_qemu *qemu = data;

	qemu->input.waiting--;
	(void)kg_qemu_answered(qemu, answer);	// other errors are about one event, such as a position after a resize
	return 0;
}

int kg_qemu_input_send(struct kg_qemu *qemu, const char *interface, const char *member, uint32_t number)
{
	int r;

	if (qemu->input.waiting >= WAITING_MAX)
		return -EAGAIN;
	r = kg_qemu_bus_call(&qemu->display, on_answer, qemu, interface, member, "u", number);
	if (r >= 0)
		qemu->input.waiting++;
	return r;
}

static int send_motion(struct kg_qemu *qemu);

static int on_moved(sd_bus_message *answer, void *data, sd_bus_error *error)
{
	struct kg_qemu *qemu = data;

	qemu->input.moving = false;
	(void)on_answer(answer, data, error);
	if (qemu->input.moved && qemu->lost == 0)
		(void)send_motion(qemu);
	return 0;
}

/* Sends where the pointer is now, or how far it went. */
static int send_motion(struct kg_qemu *qemu)
{
	struct kg_qemu_input *input = &qemu->input;
	int r;

	if (input->waiting >= WAITING_MAX)
		return -EAGAIN;
	if (input->absolute)
		r = kg_qemu_bus_call(&qemu->display, on_moved, qemu, MOUSE, "SetAbsPosition", "uu", (uint32_t)input->x,
				     (uint32_t)input->y);
	else
		r = kg_qemu_bus_call(&qemu->display, on_moved, qemu, MOUSE, "RelMotion", "ii", input->dx, input->dy);
	if (r < 0)
		return r;
	input->waiting++;
	input->moving = true;
	input->moved = false;
	input->dx = input->dy = 0;
	return 0;
}

/* To a new position, inside; what is not sent yet is overtaken, relative steps are summed up. */
static int move_to(struct kg_qemu *qemu, int64_t x, int64_t y)
{
	struct kg_qemu_input *input = &qemu->input;
	int32_t to_x = (int32_t)KG_MAX(0, KG_MIN(x, (int64_t)qemu->source.width - 1));
	int32_t to_y = (int32_t)KG_MAX(0, KG_MIN(y, (int64_t)qemu->source.height - 1));

	input->dx += to_x - input->x;
	input->dy += to_y - input->y;
	input->x = to_x;
	input->y = to_y;
	input->moved = true;
	return input->moving ? 0 : send_motion(qemu);
}

static int sink_motion(struct kg_input_sink *sink, int32_t x, int32_t y)
{
	return move_to(qemu_of(sink), x, y);
}

/* A mouse that takes steps gets them as they are, beyond the edges too; others get a position. */
static int sink_motion_relative(struct kg_input_sink *sink, int32_t dx, int32_t dy)
{
	struct kg_qemu *qemu = qemu_of(sink);
	struct kg_qemu_input *input = &qemu->input;

	if (input->absolute)
		return move_to(qemu, (int64_t)input->x + dx, (int64_t)input->y + dy);
	input->dx += KG_MAX(-KG_DESKTOP_SIZE_MAX, KG_MIN(dx, KG_DESKTOP_SIZE_MAX));
	input->dy += KG_MAX(-KG_DESKTOP_SIZE_MAX, KG_MIN(dy, KG_DESKTOP_SIZE_MAX));
	input->dx = KG_MAX(-KG_DESKTOP_SIZE_MAX, KG_MIN(input->dx, KG_DESKTOP_SIZE_MAX));
	input->dy = KG_MAX(-KG_DESKTOP_SIZE_MAX, KG_MIN(input->dy, KG_DESKTOP_SIZE_MAX));
	input->moved = true;
	return input->moving ? 0 : send_motion(qemu);
}

static int send_button(struct kg_qemu *qemu, enum button button, bool down)
{
	int r = 0;

	if (qemu->input.moved)		// the click belongs to where the pointer is
		r = send_motion(qemu);
	return r < 0 ? r : kg_qemu_input_send(qemu, MOUSE, down ? "Press" : "Release", button);
}

static int sink_button(struct kg_input_sink *sink, uint16_t evdev, bool down)
{
	struct kg_qemu *qemu = qemu_of(sink);

	switch (evdev) {
	case BTN_LEFT:
		return send_button(qemu, LEFT, down);
	case BTN_RIGHT:
		return send_button(qemu, RIGHT, down);
	case BTN_MIDDLE:
		return send_button(qemu, MIDDLE, down);
	case BTN_SIDE:
		return send_button(qemu, SIDE, down);
	case BTN_EXTRA:
		return send_button(qemu, EXTRA, down);
	default:
		return -ENOTSUP;
	}
}

static int sink_wheel(struct kg_input_sink *sink, bool horizontal, int32_t units)
{
	static const enum button buttons[2][2] = { { WHEEL_DOWN, WHEEL_UP }, { WHEEL_LEFT, WHEEL_RIGHT } };
	struct kg_qemu *qemu = qemu_of(sink);
	int32_t *rest = &qemu->input.wheel[horizontal];
	int r = 0;

	*rest += KG_MAX(-64 * NOTCH, KG_MIN(units, 64 * NOTCH));
	for (; *rest >= NOTCH || *rest <= -NOTCH; *rest -= *rest > 0 ? NOTCH : -NOTCH) {
		enum button button = buttons[horizontal][*rest > 0];

		r = send_button(qemu, button, true);
		if (r >= 0)
			r = send_button(qemu, button, false);
		if (r < 0)
			*rest %= NOTCH;		// what cannot be sent is not kept for later
	}
	return r;
}

static int sink_locks(struct kg_input_sink *sink)
{
	return qemu_of(sink)->input.locks;
}

static void sink_free(struct kg_input_sink *sink)
{
	/* Part of struct kg_qemu, which goes with the source. */
}

const struct kg_input_sink_impl kg_qemu_sink_impl = {
	.name = "qemu",
	.key = kg_qemu_key,
	.text = kg_qemu_text,
	.motion = sink_motion,
	.motion_relative = sink_motion_relative,
	.button = sink_button,
	.wheel = sink_wheel,
	.locks = sink_locks,
	.free = sink_free,
};

/* One entry of a{sv}, whose name was read. QEMU's lock bits are those of enum kg_lock. */
static int take_property(struct kg_qemu *qemu, sd_bus_message *message, const char *name)
{
	uint32_t modifiers;
	int absolute, r;

	if (!strcmp(name, "Modifiers")) {
		r = sd_bus_message_read(message, "v", "u", &modifiers);
		if (r < 0)
			return r;
		modifiers &= KG_LOCK_SCROLL | KG_LOCK_NUM | KG_LOCK_CAPS;
		if (qemu->input.locks != (int)modifiers) {
			qemu->input.locks = (int)modifiers;
			qemu->locks_changed = true;
			kg_qemu_soon(qemu);
		}
		return 0;
	}
	if (!strcmp(name, "IsAbsolute")) {
		r = sd_bus_message_read(message, "v", "b", &absolute);
		if (r >= 0)
			qemu->input.absolute = absolute;
		return r;
	}
	return sd_bus_message_skip(message, "v");
}

static int take_properties(struct kg_qemu *qemu, sd_bus_message *message)
{
	const char *name;
	int r = sd_bus_message_enter_container(message, 'a', "{sv}");

	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
		r = sd_bus_message_read(message, "s", &name);
		if (r >= 0)
			r = take_property(qemu, message, name);
		if (r >= 0)
			r = sd_bus_message_exit_container(message);
		if (r < 0)
			break;
	}
	return r;
}

static int on_properties(sd_bus_message *answer, void *data, sd_bus_error *error)
{
	struct kg_qemu *qemu = data;
	int r = kg_qemu_answered(qemu, answer);

	if (r >= 0)
		r = take_properties(qemu, answer);
	if (r < 0 && qemu->lost == 0)
		kg_qemu_complain(qemu, r, "keyboard and mouse do not say how they are");
	return 0;
}

static int on_changed(sd_bus_message *signal, void *data, sd_bus_error *error)
{
	const char *interface;
	int r = sd_bus_message_read(signal, "s", &interface);

	if (r >= 0 && (!strcmp(interface, KG_QEMU_KEYBOARD) || !strcmp(interface, MOUSE)))
		r = take_properties(data, signal);
	if (r < 0)
		kg_qemu_complain(data, r, "keyboard and mouse do not say how they are");
	return 0;
}

int kg_qemu_input_open(struct kg_qemu *qemu)
{
	int r;

	qemu->input.locks = -ENOTSUP;
	qemu->input.absolute = true;
	r = kg_qemu_keyboard_open(qemu);
	if (r < 0)
		return r;
	r = sd_bus_match_signal(qemu->display.bus, NULL, NULL, NULL, PROPERTIES, "PropertiesChanged", on_changed, qemu);
	if (r < 0)
		return r;
	r = kg_qemu_bus_call(&qemu->display, on_properties, qemu, PROPERTIES, "GetAll", "s", KG_QEMU_KEYBOARD);
	if (r < 0)
		return r;
	return kg_qemu_bus_call(&qemu->display, on_properties, qemu, PROPERTIES, "GetAll", "s", MOUSE);
}
