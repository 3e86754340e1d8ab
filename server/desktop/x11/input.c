/* The input sink of the kind x11. */
#define KG_TOPIC "x11"
#include "server/desktop/x11/input.h"

#include "base/log.h"
#include "base/loop.h"

#include <assert.h>
#include <linux/input-event-codes.h>
#include <xcb/xtest.h>

#define EVDEV_OFFSET 8		// between Linux key codes and X key codes
#define NOTCH 120
#define NOTCHES_MAX 32		// of one event
#define TEXT_STEPS_MAX 12
#define UNANSWERED_MAX 64	// steps on their way

static const struct kg_input_sink_impl x11_sink_impl;

static void run(struct kg_x11_input *input);

static struct kg_x11_input *input_of(struct kg_input_sink *sink)
{
	assert(sink->impl == &x11_sink_impl);
	return kg_container_of(sink, struct kg_x11_input, sink);
}

/* ---- The queue ---- */

/* The server tells the lock late, and tells our own taps too: it counts when those are through. */
static void look_at_caps(struct kg_x11_input *input)
{
	if (!input->asked && !input->later && !input->count)
		input->tapped = false;
	if (!input->tapped)
		input->caps = input->keyboard.locks & KG_LOCK_CAPS;
}

static void on_answer(void *data, void *reply, uint32_t tag)
{
	struct kg_x11_input *input = data;

	input->asked = 0;
	look_at_caps(input);	// what the steps did to it was told before the answer
	run(input);
}

static void on_pause(void *data)
{
	run(data);
}

static void send_step(struct kg_x11_input *input, const struct kg_x11_step *step, uint64_t now)
{
	struct kg_x11 *x = input->x;
	bool motion = step->type == XCB_MOTION_NOTIFY;

	if (step->kind == KG_X11_STEP_BIND) {
		kg_x11_keyboard_bind(&input->keyboard, step->detail, step->keysym);
		return;
	}
	if (step->type == XCB_KEY_PRESS)
		kg_x11_keyboard_pressed(&input->keyboard, step->detail, now);
	xcb_test_fake_input(x->c, step->type, step->detail, XCB_CURRENT_TIME,
			    motion && !step->detail ? x->screen->root : XCB_NONE, step->x, step->y, 0);
}

/* Sends what may be sent now. Every step is covered by a request that the server must answer: so a server that hangs
 * is noticed, and libxcb never has more to write than the socket takes. */
static void run(struct kg_x11_input *input)
{
	struct kg_x11 *x = input->x;
	uint64_t now = kg_now_us();

	while (input->count && input->asked + input->later < UNANSWERED_MAX && !x->error) {
		const struct kg_x11_step *step = &input->steps[input->first];

		if (step->kind == KG_X11_STEP_BIND) {
			uint64_t busy = kg_x11_keyboard_busy_us(&input->keyboard, step->detail, now);

			if (busy) {
				kg_watch_arm(input->pause, busy);
				break;
			}
		}
		send_step(input, step, now);
		input->first = (input->first + 1) % KG_X11_STEPS_MAX;
		input->count--;
		input->later++;
	}
	if (!input->later)
		return;
	if (!input->asked) {
		input->asked = input->later;
		input->later = 0;
		kg_x11_expect(x, xcb_get_input_focus(x->c).sequence, on_answer, input, 0);
	}
	kg_x11_send(x);
}

static int room(const struct kg_x11_input *input, uint32_t steps)
{
	if (input->x->error)
		return input->x->error;
	return input->count + steps > KG_X11_STEPS_MAX ? -ENOBUFS : 0;
}

/* The caller has seen to it that there is room. */
static void add(struct kg_x11_input *input, struct kg_x11_step step)
{
	assert(input->count < KG_X11_STEPS_MAX);
	input->steps[(input->first + input->count++) % KG_X11_STEPS_MAX] = step;
}

static void add_fake(struct kg_x11_input *input, uint8_t type, uint8_t detail)
{
	add(input, (struct kg_x11_step){ .kind = KG_X11_STEP_FAKE, .type = type, .detail = detail });
}

static void add_tap(struct kg_x11_input *input, uint8_t keycode)
{
	add_fake(input, XCB_KEY_PRESS, keycode);
	add_fake(input, XCB_KEY_RELEASE, keycode);
}

/* ---- Keyboard ---- */

static bool is_held(const struct kg_x11_input *input, unsigned keycode)
{
	return input->held[keycode / 8] >> keycode % 8 & 1;
}

/* The X server repeats a held key by itself: the client's own repetitions are left out. */
static int x11_key(struct kg_input_sink *sink, uint16_t evdev, bool down)
{
	struct kg_x11_input *input = input_of(sink);
	unsigned keycode = evdev + EVDEV_OFFSET;
	int r = room(input, 1);

	if (r < 0)
		return r;
	if (keycode < input->keyboard.min || keycode > input->keyboard.max)
		return -ENOTSUP;
	if (is_held(input, keycode) == down)
		return 0;
	input->held[keycode / 8] ^= (uint8_t)(1 << keycode % 8);
	if (evdev == KEY_CAPSLOCK && down) {
		input->caps = !input->caps;
		input->tapped = true;
	}
	add_fake(input, down ? XCB_KEY_PRESS : XCB_KEY_RELEASE, (uint8_t)keycode);
	run(input);
	return 0;
}

/* A character comes out as it is, whatever Shift and Caps Lock are: they are undone around it. Ctrl and Alt are not. */
static int x11_text(struct kg_input_sink *sink, uint32_t codepoint)
{
	static const uint8_t shifts[] = { KEY_LEFTSHIFT + EVDEV_OFFSET, KEY_RIGHTSHIFT + EVDEV_OFFSET };
	struct kg_x11_input *input = input_of(sink);
	bool caps = input->caps, press, lift;
	struct kg_x11_key key;
	int r = room(input, TEXT_STEPS_MAX);

	if (r < 0)
		return r;
	if (!kg_x11_keyboard_find(&input->keyboard, codepoint, &key))
		return -ENOTSUP;
	press = key.shift && !is_held(input, shifts[0]) && !is_held(input, shifts[1]);
	lift = !key.shift && !key.any_shift;

	if (key.bind)
		add(input, (struct kg_x11_step){ .kind = KG_X11_STEP_BIND, .detail = key.keycode, .keysym = key.bind });
	for (size_t i = 0; lift && i < KG_ARRAY_SIZE(shifts); i++)
		if (is_held(input, shifts[i]))
			add_fake(input, XCB_KEY_RELEASE, shifts[i]);
	input->tapped |= caps;
	if (caps)
		add_tap(input, KEY_CAPSLOCK + EVDEV_OFFSET);
	if (press)
		add_fake(input, XCB_KEY_PRESS, shifts[0]);
	add_tap(input, key.keycode);
	if (press)
		add_fake(input, XCB_KEY_RELEASE, shifts[0]);
	if (caps)
		add_tap(input, KEY_CAPSLOCK + EVDEV_OFFSET);
	for (size_t i = 0; lift && i < KG_ARRAY_SIZE(shifts); i++)
		if (is_held(input, shifts[i]))
			add_fake(input, XCB_KEY_PRESS, shifts[i]);
	run(input);
	return 0;
}

static int x11_locks(struct kg_input_sink *sink)
{
	const struct kg_x11_input *input = input_of(sink);

	return input->keyboard.xkb ? (int)input->keyboard.locks : -ENOTSUP;
}

static void on_locks(void *data)
{
	struct kg_x11_input *input = data;
	struct kg_source *source = input->source;

	look_at_caps(input);
	if (source->events)
		source->events->locks(source->data, input->keyboard.locks);
}

/* ---- Pointer ---- */

static int16_t clamp(int64_t value, int64_t low, int64_t high)
{
	return (int16_t)KG_MAX(low, KG_MIN(value, high));
}

/* The step that waits last, when it is a motion of the same kind. */
static struct kg_x11_step *waiting_motion(struct kg_x11_input *input, uint8_t relative)
{
	struct kg_x11_step *last = &input->steps[(input->first + input->count + KG_X11_STEPS_MAX - 1) % KG_X11_STEPS_MAX];

	return input->count && last->kind == KG_X11_STEP_FAKE && last->type == XCB_MOTION_NOTIFY &&
			       last->detail == relative ? last : NULL;
}

static int move(struct kg_x11_input *input, uint8_t relative, int64_t x, int64_t y)
{
	struct kg_x11_step *last = waiting_motion(input, relative);
	int r = room(input, last ? 0 : 1);

	if (r < 0)
		return r;
	if (last && relative) {
		x += last->x;
		y += last->y;
	}
	if (!last) {
		add_fake(input, XCB_MOTION_NOTIFY, relative);
		last = waiting_motion(input, relative);
	}
	last->x = clamp(x, relative ? INT16_MIN : 0, relative ? INT16_MAX : (int64_t)input->source->width - 1);
	last->y = clamp(y, relative ? INT16_MIN : 0, relative ? INT16_MAX : (int64_t)input->source->height - 1);
	run(input);
	return 0;
}

static int x11_motion(struct kg_input_sink *sink, int32_t x, int32_t y)
{
	return move(input_of(sink), 0, x, y);
}

static int x11_motion_relative(struct kg_input_sink *sink, int32_t dx, int32_t dy)
{
	return move(input_of(sink), 1, dx, dy);
}

static int x11_button(struct kg_input_sink *sink, uint16_t evdev, bool down)
{
	static const uint8_t buttons[] = {
		[BTN_LEFT - BTN_LEFT] = 1, [BTN_RIGHT - BTN_LEFT] = 3, [BTN_MIDDLE - BTN_LEFT] = 2,
		[BTN_SIDE - BTN_LEFT] = 8, [BTN_EXTRA - BTN_LEFT] = 9,
	};
	struct kg_x11_input *input = input_of(sink);
	int r = room(input, 1);

	if (r < 0)
		return r;
	if (evdev < BTN_LEFT || evdev - BTN_LEFT >= (int)KG_ARRAY_SIZE(buttons))
		return -ENOTSUP;
	add_fake(input, down ? XCB_BUTTON_PRESS : XCB_BUTTON_RELEASE, buttons[evdev - BTN_LEFT]);
	run(input);
	return 0;
}

static int x11_wheel(struct kg_input_sink *sink, bool horizontal, int32_t units)
{
	struct kg_x11_input *input = input_of(sink);
	int32_t *short_of = &input->wheel[horizontal], notches;
	uint8_t button;
	int r;

	units = KG_MAX(-NOTCHES_MAX * NOTCH, KG_MIN(units, NOTCHES_MAX * NOTCH));
	if ((units < 0) != (*short_of < 0))
		*short_of = 0;		// what is left of the other direction is not owed
	notches = (*short_of + units) / NOTCH;
	r = room(input, 2 * (NOTCHES_MAX + 1));
	if (r < 0)
		return r;
	*short_of = (*short_of + units) % NOTCH;
	button = horizontal ? (notches < 0 ? 6 : 7) : (notches < 0 ? 5 : 4);
	for (int32_t i = abs(notches); i > 0; i--) {
		add_fake(input, XCB_BUTTON_PRESS, button);
		add_fake(input, XCB_BUTTON_RELEASE, button);
	}
	run(input);
	return 0;
}

static void x11_sink_free(struct kg_input_sink *sink)
{
	struct kg_x11_input *input = input_of(sink);

	kg_x11_forget(input->x, input);
	kg_x11_keyboard_done(&input->keyboard);
	kg_watch_free(input->pause);
	free(input);
}

static const struct kg_input_sink_impl x11_sink_impl = {
	.name = "x11",
	.key = x11_key,
	.text = x11_text,
	.motion = x11_motion,
	.motion_relative = x11_motion_relative,
	.button = x11_button,
	.wheel = x11_wheel,
	.locks = x11_locks,
	.free = x11_sink_free,
};

/* What a process before us held when it was killed is held still: nobody but us would ever release it. */
static void release_leftovers(struct kg_x11 *x)
{
	xcb_query_keymap_reply_t *keys = xcb_query_keymap_reply(x->c, xcb_query_keymap(x->c), NULL);
	xcb_query_pointer_reply_t *pointer =
		xcb_query_pointer_reply(x->c, xcb_query_pointer(x->c, x->screen->root), NULL);

	for (uint32_t keycode = 8; keys && keys->length >= 2 && keycode < KG_X11_KEYCODES; keycode++)
		if (keys->keys[keycode / 8] >> keycode % 8 & 1)
			xcb_test_fake_input(x->c, XCB_KEY_RELEASE, (uint8_t)keycode, XCB_CURRENT_TIME, XCB_NONE, 0, 0,
					    0);
	for (uint8_t button = 1; pointer && button <= 5; button++)
		if (pointer->mask & (XCB_BUTTON_MASK_1 << (button - 1)))
			xcb_test_fake_input(x->c, XCB_BUTTON_RELEASE, button, XCB_CURRENT_TIME, XCB_NONE, 0, 0, 0);
	free(keys);
	free(pointer);
}

int kg_x11_input_new(struct kg_x11_input **ret, struct kg_x11 *x, struct kg_source *source)
{
	struct kg_x11_input *input = calloc(1, sizeof(*input));
	int r;

	if (!input)
		return kg_err(-ENOMEM, "X server %s", x->display);
	input->sink.impl = &x11_sink_impl;
	input->x = x;
	input->source = source;
	r = kg_loop_timer(x->loop, &input->pause, UINT64_MAX, on_pause, input);
	if (r >= 0)
		r = kg_x11_keyboard_init(&input->keyboard, x, on_locks, input);
	if (r < 0) {
		x11_sink_free(&input->sink);
		return r;
	}
	look_at_caps(input);
	release_leftovers(x);
	*ret = input;
	return 0;
}
