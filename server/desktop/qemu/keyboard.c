/*
 * The machine's keyboard. QEMU's PS/2 keyboard drops what does not fit into its 16 bytes while the guest is slow to take
 * them, so keys leave at the pace of a keyboard: a person never waits, typed text of a client does.
 */
#include "base/loop.h"
#include "input/keymap.h"
#include "server/desktop/qemu/qemu.h"

#include <linux/input-event-codes.h>

#define EVENT_US 8000		// from one event to the next, in the long run
#define BURST 4			// events that go at once: 12 bytes of PS/2 at most
#define KEPT_FOR_RELEASES 128	// places in the queue that presses do not get: a key that is not let go is worse than a lost one

static struct kg_qemu *qemu_of(struct kg_input_sink *sink)
{
	return kg_container_of(sink, struct kg_qemu, sink);
}

/* Sends what may go now, and comes back for the rest. */
static void on_pace(void *data)
{
	struct kg_qemu *qemu = data;
	struct kg_qemu_keys *keys = &qemu->input.keys;
	uint64_t now = kg_now_us();
	int r = 0;

	keys->next_us = KG_MAX(keys->next_us, now);
	while (keys->count > 0 && r >= 0 && keys->next_us - now < BURST * EVENT_US) {
		struct kg_qemu_key key = keys->queue[keys->first];

		keys->first = (keys->first + 1) % KG_QEMU_KEYS_MAX;
		keys->count--;
		keys->next_us += EVENT_US;
		r = kg_qemu_input_send(qemu, KG_QEMU_KEYBOARD, key.down ? "Press" : "Release", key.number);
	}
	if (r == -ENOTCONN)
		keys->count = 0;
	if (keys->count > 0)
		(void)kg_watch_arm(keys->pace, EVENT_US);
}

static int send_key(struct kg_qemu *qemu, uint16_t evdev, bool down)
{
	struct kg_qemu_keys *keys = &qemu->input.keys;
	uint8_t number = kg_keymap_qnum(evdev);
	bool first = keys->count == 0;

	if (!number)
		return -ENOTSUP;
	if (qemu->lost < 0)
		return -ENOTCONN;
	if (keys->count >= (down ? KG_QEMU_KEYS_MAX - KEPT_FOR_RELEASES : KG_QEMU_KEYS_MAX))
		return -EAGAIN;
	keys->queue[(keys->first + keys->count++) % KG_QEMU_KEYS_MAX] = (struct kg_qemu_key){ number, down };
	if (first)
		on_pace(qemu);
	return 0;
}

int kg_qemu_key(struct kg_input_sink *sink, uint16_t evdev, bool down)
{
	struct kg_qemu *qemu = qemu_of(sink);
	unsigned shift = evdev == KEY_LEFTSHIFT ? 1 : evdev == KEY_RIGHTSHIFT ? 2 : 0;

	qemu->input.shifts = down ? qemu->input.shifts | shift : qemu->input.shifts & ~shift;
	return send_key(qemu, evdev, down);
}

/* The US layout: what a key writes, alone and with Shift. */
struct key_text {
	uint8_t key;
	char plain, shifted;
};

static const struct key_text layout[] = {
	{ KEY_SPACE, ' ', ' ' },
	{ KEY_GRAVE, '`', '~' },       { KEY_1, '1', '!' },          { KEY_2, '2', '@' },
	{ KEY_3, '3', '#' },           { KEY_4, '4', '$' },          { KEY_5, '5', '%' },
	{ KEY_6, '6', '^' },           { KEY_7, '7', '&' },          { KEY_8, '8', '*' },
	{ KEY_9, '9', '(' },           { KEY_0, '0', ')' },          { KEY_MINUS, '-', '_' },
	{ KEY_EQUAL, '=', '+' },       { KEY_Q, 'q', 'Q' },          { KEY_W, 'w', 'W' },
	{ KEY_E, 'e', 'E' },           { KEY_R, 'r', 'R' },          { KEY_T, 't', 'T' },
	{ KEY_Y, 'y', 'Y' },           { KEY_U, 'u', 'U' },          { KEY_I, 'i', 'I' },
	{ KEY_O, 'o', 'O' },           { KEY_P, 'p', 'P' },          { KEY_LEFTBRACE, '[', '{' },
	{ KEY_RIGHTBRACE, ']', '}' },  { KEY_BACKSLASH, '\\', '|' }, { KEY_A, 'a', 'A' },
	{ KEY_S, 's', 'S' },           { KEY_D, 'd', 'D' },          { KEY_F, 'f', 'F' },
	{ KEY_G, 'g', 'G' },           { KEY_H, 'h', 'H' },          { KEY_J, 'j', 'J' },
	{ KEY_K, 'k', 'K' },           { KEY_L, 'l', 'L' },          { KEY_SEMICOLON, ';', ':' },
	{ KEY_APOSTROPHE, '\'', '"' }, { KEY_Z, 'z', 'Z' },          { KEY_X, 'x', 'X' },
	{ KEY_C, 'c', 'C' },           { KEY_V, 'v', 'V' },          { KEY_B, 'b', 'B' },
	{ KEY_N, 'n', 'N' },           { KEY_M, 'm', 'M' },          { KEY_COMMA, ',', '<' },
	{ KEY_DOT, '.', '>' },         { KEY_SLASH, '/', '?' },
};

static const struct key_text *key_find(uint32_t codepoint)
{
	for (size_t i = 0; i < KG_ARRAY_SIZE(layout); i++) {
		if (codepoint == (uint8_t)layout[i].plain || codepoint == (uint8_t)layout[i].shifted)
			return &layout[i];
	}
	return NULL;
}

/* The Shift keys that are held are let go or pressed again; or the left one, where none is held. */
static int turn_shift(struct kg_qemu *qemu, bool down)
{
	unsigned shifts = qemu->input.shifts ? qemu->input.shifts : 1;
	int r = 0;

	if (shifts & 1)
		r = send_key(qemu, KEY_LEFTSHIFT, down);
	if (r >= 0 && shifts & 2)
		r = send_key(qemu, KEY_RIGHTSHIFT, down);
	return r;
}

/* Types the key that writes the character in the US layout: QEMU has keys only, and nobody knows the guest's layout. */
int kg_qemu_text(struct kg_input_sink *sink, uint32_t codepoint)
{
	struct kg_qemu *qemu = qemu_of(sink);
	const struct key_text *key = key_find(codepoint);
	bool shift, turn;
	int r = 0;

	if (!key)
		return -ENOTSUP;
	shift = codepoint != (uint8_t)key->plain;
	if (key->plain >= 'a' && key->plain <= 'z' && qemu->input.locks > 0 && (qemu->input.locks & KG_LOCK_CAPS))
		shift = !shift;
	turn = key->plain != key->shifted && shift != (qemu->input.shifts != 0);
	if (turn)
		r = turn_shift(qemu, shift);
	if (r >= 0)
		r = send_key(qemu, key->key, true);
	if (r >= 0)
		r = send_key(qemu, key->key, false);
	if (r >= 0 && turn)
		r = turn_shift(qemu, !shift);
	return r;
}

int kg_qemu_keyboard_open(struct kg_qemu *qemu)
{
	return kg_loop_timer(qemu->loop, &qemu->input.keys.pace, UINT64_MAX, on_pace, qemu);
}
