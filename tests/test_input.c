/* Keys from scancode to sink. The tables are from QEMU's keycodemapdb, which input/keymap.c was not made from. */
#include "input/keys.h"
#include "input/memory.h"
#include "tests/tap.h"

#include <linux/input-event-codes.h>

#define E0 KG_SCANCODE_E0
#define E1 KG_SCANCODE_E1
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

struct key {
	uint8_t code;
	unsigned flags;
	uint16_t evdev;
};

/* A European board's 105 keys but Pause, by rows. */
static const struct key board[] = {
	{ 0x01, 0, KEY_ESC }, { 0x3b, 0, KEY_F1 }, { 0x3c, 0, KEY_F2 }, { 0x3d, 0, KEY_F3 }, { 0x3e, 0, KEY_F4 },
	{ 0x3f, 0, KEY_F5 }, { 0x40, 0, KEY_F6 }, { 0x41, 0, KEY_F7 }, { 0x42, 0, KEY_F8 }, { 0x43, 0, KEY_F9 },
	{ 0x44, 0, KEY_F10 }, { 0x57, 0, KEY_F11 }, { 0x58, 0, KEY_F12 }, { 0x37, E0, KEY_SYSRQ },
	{ 0x46, 0, KEY_SCROLLLOCK },
	{ 0x29, 0, KEY_GRAVE }, { 0x02, 0, KEY_1 }, { 0x03, 0, KEY_2 }, { 0x04, 0, KEY_3 }, { 0x05, 0, KEY_4 },
	{ 0x06, 0, KEY_5 }, { 0x07, 0, KEY_6 }, { 0x08, 0, KEY_7 }, { 0x09, 0, KEY_8 }, { 0x0a, 0, KEY_9 },
	{ 0x0b, 0, KEY_0 }, { 0x0c, 0, KEY_MINUS }, { 0x0d, 0, KEY_EQUAL }, { 0x0e, 0, KEY_BACKSPACE },
	{ 0x52, E0, KEY_INSERT }, { 0x47, E0, KEY_HOME }, { 0x49, E0, KEY_PAGEUP }, { 0x45, 0, KEY_NUMLOCK },
	{ 0x35, E0, KEY_KPSLASH }, { 0x37, 0, KEY_KPASTERISK }, { 0x4a, 0, KEY_KPMINUS },
	{ 0x0f, 0, KEY_TAB }, { 0x10, 0, KEY_Q }, { 0x11, 0, KEY_W }, { 0x12, 0, KEY_E }, { 0x13, 0, KEY_R },
	{ 0x14, 0, KEY_T }, { 0x15, 0, KEY_Y }, { 0x16, 0, KEY_U }, { 0x17, 0, KEY_I }, { 0x18, 0, KEY_O },
	{ 0x19, 0, KEY_P }, { 0x1a, 0, KEY_LEFTBRACE }, { 0x1b, 0, KEY_RIGHTBRACE },
	{ 0x53, E0, KEY_DELETE }, { 0x4f, E0, KEY_END }, { 0x51, E0, KEY_PAGEDOWN }, { 0x47, 0, KEY_KP7 },
	{ 0x48, 0, KEY_KP8 }, { 0x49, 0, KEY_KP9 }, { 0x4e, 0, KEY_KPPLUS },
	{ 0x3a, 0, KEY_CAPSLOCK }, { 0x1e, 0, KEY_A }, { 0x1f, 0, KEY_S }, { 0x20, 0, KEY_D }, { 0x21, 0, KEY_F },
	{ 0x22, 0, KEY_G }, { 0x23, 0, KEY_H }, { 0x24, 0, KEY_J }, { 0x25, 0, KEY_K }, { 0x26, 0, KEY_L },
	{ 0x27, 0, KEY_SEMICOLON }, { 0x28, 0, KEY_APOSTROPHE }, { 0x2b, 0, KEY_BACKSLASH }, { 0x1c, 0, KEY_ENTER },
	{ 0x4b, 0, KEY_KP4 }, { 0x4c, 0, KEY_KP5 }, { 0x4d, 0, KEY_KP6 },
	{ 0x2a, 0, KEY_LEFTSHIFT }, { 0x56, 0, KEY_102ND }, { 0x2c, 0, KEY_Z }, { 0x2d, 0, KEY_X },
	{ 0x2e, 0, KEY_C }, { 0x2f, 0, KEY_V }, { 0x30, 0, KEY_B }, { 0x31, 0, KEY_N }, { 0x32, 0, KEY_M },
	{ 0x33, 0, KEY_COMMA }, { 0x34, 0, KEY_DOT }, { 0x35, 0, KEY_SLASH }, { 0x36, 0, KEY_RIGHTSHIFT },
	{ 0x48, E0, KEY_UP }, { 0x4f, 0, KEY_KP1 }, { 0x50, 0, KEY_KP2 }, { 0x51, 0, KEY_KP3 },
	{ 0x1c, E0, KEY_KPENTER },
	{ 0x1d, 0, KEY_LEFTCTRL }, { 0x5b, E0, KEY_LEFTMETA }, { 0x38, 0, KEY_LEFTALT }, { 0x39, 0, KEY_SPACE },
	{ 0x38, E0, KEY_RIGHTALT }, { 0x5c, E0, KEY_RIGHTMETA }, { 0x5d, E0, KEY_COMPOSE },
	{ 0x1d, E0, KEY_RIGHTCTRL },
	{ 0x4b, E0, KEY_LEFT }, { 0x50, E0, KEY_DOWN }, { 0x4d, E0, KEY_RIGHT }, { 0x52, 0, KEY_KP0 },
	{ 0x53, 0, KEY_KPDOT },
};

static const struct key media[] = {
	{ 0x20, E0, KEY_MUTE }, { 0x2e, E0, KEY_VOLUMEDOWN }, { 0x30, E0, KEY_VOLUMEUP }, { 0x19, E0, KEY_NEXTSONG },
	{ 0x10, E0, KEY_PREVIOUSSONG }, { 0x22, E0, KEY_PLAYPAUSE }, { 0x24, E0, KEY_STOPCD },
	{ 0x21, E0, KEY_CALC }, { 0x32, E0, KEY_HOMEPAGE }, { 0x65, E0, KEY_SEARCH }, { 0x66, E0, KEY_BOOKMARKS },
	{ 0x67, E0, KEY_REFRESH }, { 0x68, E0, KEY_STOP }, { 0x69, E0, KEY_FORWARD }, { 0x6a, E0, KEY_BACK },
	{ 0x6b, E0, KEY_COMPUTER }, { 0x6c, E0, KEY_MAIL }, { 0x6d, E0, KEY_MEDIA }, { 0x5e, E0, KEY_POWER },
	{ 0x5f, E0, KEY_SLEEP }, { 0x63, E0, KEY_WAKEUP },
};

static const struct key japanese[] = {
	{ 0x70, 0, KEY_KATAKANAHIRAGANA }, { 0x73, 0, KEY_RO }, { 0x76, 0, KEY_ZENKAKUHANKAKU }, { 0x79, 0, KEY_HENKAN },
	{ 0x7b, 0, KEY_MUHENKAN }, { 0x7d, 0, KEY_YEN }, { 0x29, 0, KEY_GRAVE }, { 0x3a, 0, KEY_CAPSLOCK },
};

/* The qnums that are not simply the scancode. */
static const struct key qnums[] = {
	{ 0x54, 0, KEY_SYSRQ }, { 0xc6, 0, KEY_PAUSE }, { 0x5d, 0, KEY_F13 }, { 0x5e, 0, KEY_F14 },
	{ 0x5f, 0, KEY_F15 }, { 0x55, 0, KEY_F16 }, { 0x83, 0, KEY_F17 }, { 0xf7, 0, KEY_F18 }, { 0x84, 0, KEY_F19 },
	{ 0x5a, 0, KEY_F20 }, { 0x74, 0, KEY_F21 }, { 0xf9, 0, KEY_F22 }, { 0x6d, 0, KEY_F23 }, { 0x6f, 0, KEY_F24 },
	{ 0x76, 0, KEY_ZENKAKUHANKAKU }, { 0x73, 0, KEY_RO }, { 0x70, 0, KEY_KATAKANAHIRAGANA },
	{ 0x77, 0, KEY_HIRAGANA }, { 0x78, 0, KEY_KATAKANA }, { 0x79, 0, KEY_HENKAN }, { 0x7b, 0, KEY_MUHENKAN },
	{ 0x7d, 0, KEY_YEN }, { 0x7e, 0, KEY_KPCOMMA }, { 0x5c, 0, KEY_KPJPCOMMA }, { 0x59, 0, KEY_KPEQUAL },
	{ 0x72, 0, KEY_HANGEUL }, { 0x71, 0, KEY_HANJA },
};

static struct kg_input_memory sink;
static struct kg_keys keys;

static void start(enum kg_keyboard keyboard)
{
	kg_input_memory_init(&sink);
	kg_keys_init(&keys, &sink.sink, keyboard);
}

/* What came since start(), in words: "+30 -30 U+0061" and so on; the way a test says what it expects. */
static const char *came(void)
{
	static char text[2048];
	size_t at = 0;

	text[0] = 0;
	for (size_t i = 0; i < sink.count; i++) {
		const struct kg_input_event *event = kg_input_memory_event(&sink, i);
		const char *space = at ? " " : "";

		if (!event)
			return "too much";
		if (event->type == KG_INPUT_TEXT)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%sU+%04X", space, event->code);
		else if (event->type == KG_INPUT_KEY || event->type == KG_INPUT_BUTTON)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%c%u", space, event->x ? '+' : '-', event->code);
		else
			return "something else";
		if (at >= sizeof(text))
			return "too much";
	}
	return text;
}

static bool came_as(const char *expected)
{
	const char *text = came();

	if (!strcmp(text, expected))
		return true;
	note("expected \"%s\", came \"%s\"", expected, text);
	return false;
}

static void both(uint8_t code, unsigned flags)
{
	kg_keys_scancode(&keys, code, flags, true);
	kg_keys_scancode(&keys, code, flags, false);
}

static bool table_holds(const struct key *table, size_t count, enum kg_keyboard keyboard)
{
	bool right = true;

	for (size_t i = 0; i < count; i++) {
		char expected[32];

		snprintf(expected, sizeof(expected), "+%u -%u", table[i].evdev, table[i].evdev);
		start(keyboard);
		both(table[i].code, table[i].flags);
		right &= came_as(expected);
	}
	return right;
}

static void tables(void)
{
	bool right = true, distinct = true, known[KEY_MAX + 1] = { false };

	ok(COUNT(board) == 104 && table_holds(board, COUNT(board), KG_KEYBOARD_PC), "all keys of a 105-key board arrive");
	for (size_t i = 0; i < COUNT(board); i++) {
		distinct &= !known[board[i].evdev];
		known[board[i].evdev] = true;
	}
	ok(distinct, "each of them is a key of its own");
	ok(table_holds(board, COUNT(board), KG_KEYBOARD_KOREAN) && table_holds(board, COUNT(board), KG_KEYBOARD_JAPANESE),
	   "they do so on Korean and Japanese boards");
	ok(table_holds(media, COUNT(media), KG_KEYBOARD_PC), "media and power keys arrive");
	ok(table_holds(japanese, COUNT(japanese), KG_KEYBOARD_JAPANESE), "the keys of a Japanese board arrive");
	ok(table_holds((const struct key[]){ { 0x73, 0, KEY_RO }, { 0x7e, 0, KEY_KPCOMMA } }, 2, KG_KEYBOARD_PC),
	   "the two keys of a Brazilian board arrive");
	for (uint8_t i = 0; i < 11; i++)
		right &= kg_keymap_evdev((uint8_t)(0x64 + i), 0, KG_KEYBOARD_PC) == KEY_F13 + i;
	ok(right && kg_keymap_evdev(0x76, 0, KG_KEYBOARD_PC) == KEY_F24, "F13 to F24 are where Windows has them");
	ok(table_holds((const struct key[]){ { 0x54, 0, KEY_SYSRQ }, { 0x37, E0, KEY_SYSRQ } }, 2, KG_KEYBOARD_PC),
	   "PrintScreen arrives, with Alt and without");
	ok(table_holds((const struct key[]){ { 0x46, E0, KEY_PAUSE } }, 1, KG_KEYBOARD_PC), "Ctrl+Break arrives as Pause");
}

static void every_code(void)
{
	bool right = true;

	for (unsigned flags = 0; flags < 8; flags++)
		for (unsigned code = 0; code < 256; code++)
			for (enum kg_keyboard keyboard = 0; keyboard < 16; keyboard++) {
				uint16_t evdev = kg_keymap_evdev((uint8_t)code, flags, keyboard);

				right &= evdev <= KEY_MAX && (!evdev || (kg_keymap_qnum(evdev) & 0x7f));
				right &= !(flags & E1) || !evdev;
			}
	ok(right, "every scancode gives a key that QEMU has, or none");
	right = true;
	for (unsigned evdev = 0; evdev < 65536; evdev++)
		right &= evdev < 256 || !kg_keymap_qnum((uint16_t)evdev);
	ok(right && !kg_keymap_qnum(0) && !kg_keymap_qnum(KEY_RESERVED), "what is no key has no qnum");
}

static void qnum(void)
{
	bool right = true, used[256] = { false };

	for (size_t i = 0; i < COUNT(board); i++) {
		unsigned expected = board[i].code | (board[i].flags ? 0x80 : 0);

		if (board[i].evdev == KEY_SYSRQ)	// below
			expected = 0x54;
		right &= kg_keymap_qnum(board[i].evdev) == expected && !used[expected];
		used[expected] = true;
	}
	ok(right, "the qnums of a 105-key board are scancodes, with 0x80 for the extended");
	right = true;
	for (size_t i = 0; i < COUNT(qnums); i++)
		if (kg_keymap_qnum(qnums[i].evdev) != qnums[i].code) {
			note("key %u: 0x%02x, not 0x%02x", qnums[i].evdev, kg_keymap_qnum(qnums[i].evdev), qnums[i].code);
			right = false;
		}
	ok(right, "the others are as QEMU has them");
	right = true;
	for (unsigned code = 1; code < 256; code++) {
		unsigned flags = code & 0x80 ? E0 : 0;
		uint16_t evdev = kg_keymap_evdev(code & 0x7f, flags, KG_KEYBOARD_JAPANESE);

		if (evdev && evdev != KEY_PAUSE && evdev != KEY_SYSRQ && (evdev < KEY_F13 || evdev > KEY_F24))
			right &= kg_keymap_qnum(evdev) == code;
	}
	ok(right, "scancode to key to qnum comes back to the scancode");
}

static void sequences(void)
{
	start(KG_KEYBOARD_PC);
	kg_keys_scancode(&keys, 0x1d, E1, true);
	kg_keys_scancode(&keys, 0x45, 0, true);
	kg_keys_scancode(&keys, 0x1d, E1, false);
	kg_keys_scancode(&keys, 0x45, 0, false);
	ok(came_as("+119 -119"), "E1 1D, 45 is Pause, pressed and released, and no NumLock");
	both(0x45, 0);
	ok(came_as("+119 -119 +69 -69"), "NumLock is itself after it");

	start(KG_KEYBOARD_PC);
	kg_keys_scancode(&keys, 0x1d, E1, true);
	both(0x1e, 0);
	both(0x45, 0);
	ok(came_as("+30 -30 +69 -69"), "an E1 1D that no 45 follows is forgotten");

	start(KG_KEYBOARD_PC);
	both(0x2a, E0);
	both(0x36, E0);
	both(0x45, E1);
	both(0x00, 0);
	both(0x7f, 0);
	both(0x80, E0);
	both(0xff, 0);
	ok(came_as(""), "fake shifts and what is no key are ignored");

	start(KG_KEYBOARD_PC);
	for (int i = 0; i < 3; i++)
		kg_keys_scancode(&keys, 0x1e, 0, true);
	kg_keys_scancode(&keys, 0x1e, 0, false);
	kg_keys_scancode(&keys, 0x1e, 0, false);
	ok(came_as("+30 +30 +30 -30"), "repeats are passed on, a second release is not");

	start(KG_KEYBOARD_KOREAN);
	kg_keys_scancode(&keys, 0xf2, 0, true);
	kg_keys_scancode(&keys, 0xf1, 0, true);
	both(0x72, 0);
	both(0x71, 0);
	ok(came_as("+122 -122 +123 -123 +122 -122 +123 -123"), "Hangul and Hanja get the release that their keys do not send");
	start(KG_KEYBOARD_PC);
	kg_keys_scancode(&keys, 0xf2, 0, true);
	both(0x72, 0);
	ok(came_as(""), "they are no keys on other boards");
}

static void held(void)
{
	start(KG_KEYBOARD_PC);
	kg_keys_scancode(&keys, 0x2a, 0, true);
	kg_keys_scancode(&keys, 0x1d, E0, true);
	kg_keys_scancode(&keys, 0x1e, 0, true);
	kg_keys_button(&keys, BTN_LEFT, true);
	sink.count = 0;
	ok(!kg_keys_release_all(&keys) && came_as("-30 -42 -97 -272"), "what is held is released when the client goes");
	ok(!kg_keys_release_all(&keys) && sink.count == 4, "once");
	kg_keys_scancode(&keys, 0x1e, 0, false);
	kg_keys_button(&keys, BTN_LEFT, false);
	ok(sink.count == 4, "the releases that the client sends afterwards are dropped");

	start(KG_KEYBOARD_PC);
	kg_keys_scancode(&keys, 0x1e, 0, true);
	kg_keys_scancode(&keys, 0x30, 0, true);
	sink.count = 0;
	sink.error = -EPIPE;
	ok(kg_keys_release_all(&keys) == -EPIPE && came_as("-30 -48"), "an error does not keep the others from being released");
	sink.error = 0;
	ok(!kg_keys_release_all(&keys) && sink.count == 2, "nor are they released again");
	sink.error = -EPIPE;
	ok(kg_keys_scancode(&keys, 0x1e, 0, true) == -EPIPE, "an error of the sink is returned");
	sink.error = 0;
	sink.count = 0;
	ok(!kg_keys_scancode(&keys, 0x1e, 0, false) && !sink.count, "a press that failed is not held");
}

static void buttons(void)
{
	bool refused = true;

	start(KG_KEYBOARD_PC);
	for (uint16_t button = BTN_LEFT; button <= BTN_EXTRA; button++) {
		kg_keys_button(&keys, button, true);
		kg_keys_button(&keys, button, false);
	}
	ok(came_as("+272 -272 +273 -273 +274 -274 +275 -275 +276 -276"), "five buttons arrive");
	for (unsigned button = 0; button < 65536; button++)
		if (button < BTN_LEFT || button > BTN_EXTRA)
			refused &= kg_keys_button(&keys, (uint16_t)button, true) == -EINVAL &&
				   kg_keys_button(&keys, (uint16_t)button, false) == -EINVAL &&
				   kg_input_button(&sink.sink, (uint16_t)button, true) == -EINVAL;
	ok(refused && sink.count == 10, "any other is refused");
	ok(kg_input_key(&sink.sink, 0, true) == -EINVAL && kg_input_key(&sink.sink, KEY_MAX + 1, true) == -EINVAL &&
		   kg_input_text(&sink.sink, 0x110000) == -EINVAL && kg_input_text(&sink.sink, 0xd800) == -EINVAL &&
		   kg_input_text(&sink.sink, '\n') == -EINVAL && kg_input_text(&sink.sink, 0x7f) == -EINVAL,
	   "a sink is never asked for what is no key or no character");
}

static void locks(void)
{
	bool right = true;

	for (unsigned have = 0; have < 8; have++)
		for (unsigned want = 0; want < 8; want++) {
			start(KG_KEYBOARD_PC);
			sink.locks = (int)have;
			kg_keys_sync_locks(&keys, want);
			right &= sink.locks == (int)want && sink.count == 2u * (unsigned)__builtin_popcount(have ^ want);
		}
	ok(right, "a sync presses exactly the locks that differ");

	start(KG_KEYBOARD_PC);
	kg_keys_scancode(&keys, 0x38, 0, true);
	kg_keys_scancode(&keys, 0x0f, 0, true);
	sink.count = 0;
	kg_keys_sync_locks(&keys, KG_LOCK_CAPS);
	ok(came_as("-15 -56 +58 -58"), "it releases all that is held first");

	start(KG_KEYBOARD_PC);
	kg_keys_sync_locks(&keys, KG_LOCK_KANA);
	ok(came_as(""), "Kana is left alone on a board that has none");
	start(KG_KEYBOARD_JAPANESE);
	kg_keys_sync_locks(&keys, KG_LOCK_KANA | KG_LOCK_NUM);
	ok(came_as("+69 -69 +93 -93") && sink.locks == (KG_LOCK_KANA | KG_LOCK_NUM), "and pressed on a Japanese one");

	start(KG_KEYBOARD_PC);
	sink.locks = -ENOTSUP;
	kg_keys_scancode(&keys, 0x1e, 0, true);
	ok(!kg_keys_sync_locks(&keys, 7) && came_as("+30 -30"), "nothing is pressed where the desktop does not say its locks");
	sink.locks = -EPIPE;
	ok(kg_keys_sync_locks(&keys, 7) == -EPIPE, "another error is returned");
}

static void unit(uint16_t value)
{
	kg_keys_unicode(&keys, value, true);
	kg_keys_unicode(&keys, value, false);
}

static void text(void)
{
	start(KG_KEYBOARD_PC);
	unit('a');
	unit(0xe9);
	unit(0x20ac);
	unit(0xffe5);
	ok(came_as("U+0061 U+00E9 U+20AC U+FFE5"), "characters are typed once, on their press");

	start(KG_KEYBOARD_PC);
	unit(0xd83d);
	unit(0xde00);
	unit(0xd800);
	unit(0xdc00);
	unit(0xdbff);
	unit(0xdfff);
	ok(came_as("U+1F600 U+10000 U+10FFFF"), "two surrogates are one character");

	start(KG_KEYBOARD_PC);
	unit(0xde00);
	unit(0xd83d);
	unit('x');
	unit(0xde00);
	unit(0xd83d);
	unit(0xd83d);
	unit(0xde01);
	ok(came_as("U+0078 U+1F601"), "a surrogate alone is dropped");

	start(KG_KEYBOARD_PC);
	unit(0xd83d);
	kg_keys_release_all(&keys);
	unit(0xde00);
	ok(came_as(""), "half a character does not outlive its client");

	start(KG_KEYBOARD_PC);
	for (uint16_t c = 0; c < 0xa0; c++)
		if (c < 0x20 || c >= 0x7f)
			unit(c);
	ok(came_as("+14 -14 +15 -15 +28 -28 +28 -28 +1 -1"), "of control characters only those with a key arrive, as that key");
}

static int bare_freed;

static void bare_free(struct kg_input_sink *bare)
{
	bare_freed++;
}

static void sinks(void)
{
	static const struct kg_input_sink_impl bare_impl = { .name = "bare", .free = bare_free };
	struct kg_input_sink bare = { &bare_impl };
	const struct kg_input_event *event;

	ok(kg_input_key(&bare, KEY_A, true) == -ENOTSUP && kg_input_text(&bare, 'a') == -ENOTSUP &&
		   kg_input_motion(&bare, 1, 1) == -ENOTSUP && kg_input_motion_relative(&bare, 1, 1) == -ENOTSUP &&
		   kg_input_button(&bare, BTN_LEFT, true) == -ENOTSUP && kg_input_wheel(&bare, false, 120) == -ENOTSUP &&
		   kg_input_locks(&bare) == -ENOTSUP,
	   "what a sink lacks is -ENOTSUP");
	kg_input_free(&bare);
	kg_input_free(NULL);
	ok(bare_freed == 1, "a sink is freed once, and NULL is fine");

	start(KG_KEYBOARD_PC);
	kg_input_motion(&sink.sink, -5, 70000);
	event = kg_input_memory_event(&sink, 0);
	ok(event && event->type == KG_INPUT_MOTION && event->x == -5 && event->y == 70000, "a position is passed on");
	kg_input_motion_relative(&sink.sink, 3, -4);
	event = kg_input_memory_event(&sink, 1);
	ok(event && event->type == KG_INPUT_MOTION_RELATIVE && event->x == 3 && event->y == -4, "so is a distance");
	kg_input_wheel(&sink.sink, true, -30);
	event = kg_input_memory_event(&sink, 2);
	ok(event && event->type == KG_INPUT_WHEEL && event->code == 1 && event->x == -30, "and a turn of the wheel");
	ok(!kg_input_memory_event(&sink, 3), "nothing else came");

	kg_keys_init(&keys, NULL, KG_KEYBOARD_PC);
	ok(!kg_keys_scancode(&keys, 0x1e, 0, true) && !kg_keys_unicode(&keys, 'a', true) &&
		   !kg_keys_button(&keys, BTN_LEFT, true) && !kg_keys_sync_locks(&keys, 7) && !kg_keys_release_all(&keys),
	   "a desktop without input swallows it");
}

/* Random events: whatever comes, no release leaves without its press, and nothing stays held. */
static void random_events(void)
{
	bool down[KG_KEYS_MAX] = { false }, right = true;
	size_t released;

	tap_seed_init();
	start(KG_KEYBOARD_JAPANESE);
	for (int i = 0; right && i < 200000; i++) {
		size_t before = sink.count;

		switch (rnd() % 8) {
		case 0:
			kg_keys_unicode(&keys, (uint16_t)rnd(), rnd() % 2);
			break;
		case 1:
			kg_keys_button(&keys, (uint16_t)(BTN_LEFT - 2 + rnd() % 9), rnd() % 2);
			break;
		case 2:
			if (rnd() % 64 == 0)
				kg_keys_sync_locks(&keys, rnd() % 16);
			break;
		default:
			kg_keys_scancode(&keys, (uint8_t)rnd(), rnd() % 4 ? rnd() % 2 : rnd() % 8, rnd() % 2);
		}
		for (size_t n = before; n < sink.count; n++) {
			const struct kg_input_event *event = kg_input_memory_event(&sink, n);

			if (!event || (event->type != KG_INPUT_KEY && event->type != KG_INPUT_BUTTON))
				continue;
			right &= event->x || down[event->code];
			down[event->code] = event->x;
		}
	}
	released = sink.count;
	kg_keys_release_all(&keys);
	for (; released < sink.count; released++)
		down[kg_input_memory_event(&sink, released)->code] = false;
	for (size_t i = 0; i < KG_KEYS_MAX; i++)
		right &= !down[i];
	ok(right, "after any events nothing is released that was not pressed, and nothing stays held");
}

int main(void)
{
	tables();
	every_code();
	qnum();
	sequences();
	held();
	buttons();
	locks();
	text();
	sinks();
	random_events();
	return tap_end();
}
