/* Scancodes, characters and lock keys of one client, as presses at a sink. */
#include "input/keys.h"

#include <linux/input-event-codes.h>

#define PAUSE_FIRST 0x1d	// E1 1D, then 45: Pause
#define PAUSE_SECOND 0x45

_Static_assert(KG_KEYS_MAX == KEY_MAX + 1, "one bit for each code");

void kg_keys_init(struct kg_keys *keys, struct kg_input_sink *sink, enum kg_keyboard keyboard)
{
	*keys = (struct kg_keys){ .sink = sink, .keyboard = keyboard };
}

static bool is_held(const struct kg_keys *keys, uint16_t evdev)
{
	return keys->held[evdev / 8] >> evdev % 8 & 1;
}

static void set_held(struct kg_keys *keys, uint16_t evdev, bool held)
{
	uint8_t bit = (uint8_t)(1 << evdev % 8);

	keys->held[evdev / 8] = held ? keys->held[evdev / 8] | bit : keys->held[evdev / 8] & ~bit;
}

static bool is_button(uint16_t evdev)
{
	return evdev >= BTN_LEFT && evdev <= BTN_EXTRA;
}

static int send(struct kg_keys *keys, uint16_t evdev, bool down)
{
	if (!keys->sink)
		return 0;
	if (is_button(evdev))
		return kg_input_button(keys->sink, evdev, down);
	return kg_input_key(keys->sink, evdev, down);
}

/* Presses or releases. A release of what is not held is dropped: the desktop knows nothing of the press, because it was
 * released for the client before or was made before the client came. */
static int press(struct kg_keys *keys, uint16_t evdev, bool down)
{
	int r;

	if (!down && !is_held(keys, evdev))
		return 0;
	r = send(keys, evdev, down);
	if (r >= 0 || !down)
		set_held(keys, evdev, down);
	return r;
}

static int press_and_release(struct kg_keys *keys, uint16_t evdev)
{
	int r = press(keys, evdev, true);

	return r < 0 ? r : press(keys, evdev, false);
}

int kg_keys_scancode(struct kg_keys *keys, uint8_t scancode, unsigned flags, bool down)
{
	bool pause = keys->pause;
	uint16_t evdev;

	keys->pause = false;
	if (flags & KG_SCANCODE_E1) {
		keys->pause = scancode == PAUSE_FIRST;
		return 0;
	}
	if (pause && !flags && scancode == PAUSE_SECOND)
		return press(keys, KEY_PAUSE, down);

	evdev = kg_keymap_evdev(scancode, flags, keys->keyboard);
	if (!evdev)
		return 0;
	if (evdev == KEY_HANGEUL || evdev == KEY_HANJA)		// real boards send no release
		return down ? press_and_release(keys, evdev) : 0;
	return press(keys, evdev, down);
}

/* The key that types a control character, 0 when there is none. */
static uint16_t control_key(uint32_t codepoint)
{
	switch (codepoint) {
	case '\b':
		return KEY_BACKSPACE;
	case '\t':
		return KEY_TAB;
	case '\n':
	case '\r':
		return KEY_ENTER;
	case 0x1b:
		return KEY_ESC;
	}
	return 0;
}

static int type(struct kg_keys *keys, uint32_t codepoint)
{
	if (codepoint < 0x20 || (codepoint >= 0x7f && codepoint < 0xa0)) {
		uint16_t evdev = control_key(codepoint);

		return evdev ? press_and_release(keys, evdev) : 0;
	}
	return keys->sink ? kg_input_text(keys->sink, codepoint) : 0;
}

int kg_keys_unicode(struct kg_keys *keys, uint16_t unit, bool down)
{
	uint16_t high = keys->high_surrogate;

	if (!down)
		return 0;
	keys->high_surrogate = 0;
	if (unit >= 0xd800 && unit < 0xdc00) {
		keys->high_surrogate = unit;
		return 0;
	}
	if (unit < 0xdc00 || unit >= 0xe000)
		return type(keys, unit);
	if (!high)
		return 0;
	return type(keys, 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (unit - 0xdc00u));
}

int kg_keys_button(struct kg_keys *keys, uint16_t evdev, bool down)
{
	if (!is_button(evdev))
		return -EINVAL;
	return press(keys, evdev, down);
}

int kg_keys_sync_locks(struct kg_keys *keys, unsigned locks)
{
	static const struct {
		unsigned lock;
		uint16_t evdev;
	} lock_keys[] = {
		{ KG_LOCK_SCROLL, KEY_SCROLLLOCK },
		{ KG_LOCK_NUM, KEY_NUMLOCK },
		{ KG_LOCK_CAPS, KEY_CAPSLOCK },
		{ KG_LOCK_KANA, KEY_KATAKANAHIRAGANA },
	};
	int r = kg_keys_release_all(keys), now;

	if (r < 0 || !keys->sink)
		return r;
	now = kg_input_locks(keys->sink);
	if (now < 0)
		return now == -ENOTSUP ? 0 : now;
	for (size_t i = 0; i < sizeof(lock_keys) / sizeof(*lock_keys); i++) {
		if (!((locks ^ (unsigned)now) & lock_keys[i].lock))
			continue;
		if (lock_keys[i].lock == KG_LOCK_KANA && keys->keyboard != KG_KEYBOARD_JAPANESE)
			continue;
		r = press_and_release(keys, lock_keys[i].evdev);
		if (r < 0)
			return r;
	}
	return 0;
}

int kg_keys_release_all(struct kg_keys *keys)
{
	int first = 0;

	keys->pause = false;
	keys->high_surrogate = 0;
	for (uint16_t evdev = 0; evdev < KG_KEYS_MAX; evdev++) {
		int r = press(keys, evdev, false);	// drops what is not held

		if (r < 0 && !first)
			first = r;
	}
	return first;
}
