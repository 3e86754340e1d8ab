/*
 * Scancodes of set 1 and Linux key codes. The codes up to 0x53 were made from that set and equal it; the rest is as the
 * kernel's keyboard driver and QEMU have it.
 */
#include "input/keymap.h"

#include <linux/input-event-codes.h>

#define LAST_EQUAL 0x53

static const uint8_t plain[128] = {
	[0x54] = KEY_SYSRQ,		// Alt+PrintScreen on a real board
	[0x56] = KEY_102ND,
	[0x57] = KEY_F11,
	[0x58] = KEY_F12,
	[0x59] = KEY_KPEQUAL,
	[0x5c] = KEY_KPJPCOMMA,
	[0x64] = KEY_F13,
	[0x65] = KEY_F14,
	[0x66] = KEY_F15,
	[0x67] = KEY_F16,
	[0x68] = KEY_F17,
	[0x69] = KEY_F18,
	[0x6a] = KEY_F19,
	[0x6b] = KEY_F20,
	[0x6c] = KEY_F21,
	[0x6d] = KEY_F22,
	[0x6e] = KEY_F23,
	[0x70] = KEY_KATAKANAHIRAGANA,
	[0x73] = KEY_RO,		// Brazilian: / and ?
	[0x76] = KEY_F24,		// Japanese: below
	[0x77] = KEY_HIRAGANA,
	[0x78] = KEY_KATAKANA,
	[0x79] = KEY_HENKAN,
	[0x7b] = KEY_MUHENKAN,
	[0x7d] = KEY_YEN,
	[0x7e] = KEY_KPCOMMA,		// Brazilian: the keypad's point
};

/* 0x2a and 0x36 are missing: boards send them around other keys, as shifts that nobody pressed. */
static const uint8_t extended[128] = {
	[0x10] = KEY_PREVIOUSSONG,
	[0x19] = KEY_NEXTSONG,
	[0x1c] = KEY_KPENTER,
	[0x1d] = KEY_RIGHTCTRL,
	[0x20] = KEY_MUTE,
	[0x21] = KEY_CALC,
	[0x22] = KEY_PLAYPAUSE,
	[0x24] = KEY_STOPCD,
	[0x2e] = KEY_VOLUMEDOWN,
	[0x30] = KEY_VOLUMEUP,
	[0x32] = KEY_HOMEPAGE,
	[0x35] = KEY_KPSLASH,
	[0x37] = KEY_SYSRQ,
	[0x38] = KEY_RIGHTALT,
	[0x46] = KEY_PAUSE,		// with Ctrl: Break
	[0x47] = KEY_HOME,
	[0x48] = KEY_UP,
	[0x49] = KEY_PAGEUP,
	[0x4b] = KEY_LEFT,
	[0x4d] = KEY_RIGHT,
	[0x4f] = KEY_END,
	[0x50] = KEY_DOWN,
	[0x51] = KEY_PAGEDOWN,
	[0x52] = KEY_INSERT,
	[0x53] = KEY_DELETE,
	[0x5b] = KEY_LEFTMETA,
	[0x5c] = KEY_RIGHTMETA,
	[0x5d] = KEY_COMPOSE,
	[0x5e] = KEY_POWER,
	[0x5f] = KEY_SLEEP,
	[0x63] = KEY_WAKEUP,
	[0x65] = KEY_SEARCH,
	[0x66] = KEY_BOOKMARKS,
	[0x67] = KEY_REFRESH,
	[0x68] = KEY_STOP,
	[0x69] = KEY_FORWARD,
	[0x6a] = KEY_BACK,
	[0x6b] = KEY_COMPUTER,
	[0x6c] = KEY_MAIL,
	[0x6d] = KEY_MEDIA,
};

uint16_t kg_keymap_evdev(uint8_t scancode, unsigned flags, enum kg_keyboard keyboard)
{
	if (flags & KG_SCANCODE_E1)
		return 0;
	/* These two come as 0xf1 and 0xf2, which look like releases, and without any release. */
	if (keyboard == KG_KEYBOARD_KOREAN && !(flags & KG_SCANCODE_E0) && (scancode & 0x7f) == 0x71)
		return KEY_HANJA;
	if (keyboard == KG_KEYBOARD_KOREAN && !(flags & KG_SCANCODE_E0) && (scancode & 0x7f) == 0x72)
		return KEY_HANGEUL;
	if (scancode >= 128)
		return 0;
	if (flags & KG_SCANCODE_E0)
		return extended[scancode];
	if (keyboard == KG_KEYBOARD_JAPANESE && scancode == 0x76)
		return KEY_ZENKAKUHANKAKU;
	return scancode <= LAST_EQUAL ? scancode : plain[scancode];
}

static uint8_t find(const uint8_t table[128], uint16_t evdev)
{
	for (uint8_t i = 1; i < 128; i++)
		if (table[i] == evdev)
			return i;
	return 0;
}

uint8_t kg_keymap_qnum(uint16_t evdev)
{
	/* F13 to F24: Windows numbers them in a row, QEMU as some boards had them. */
	static const uint8_t function_keys[] = { 0x5d, 0x5e, 0x5f, 0x55, 0x83, 0xf7, 0x84, 0x5a, 0x74, 0xf9, 0x6d, 0x6f };
	uint8_t scancode;

	switch (evdev) {
	case 0:
		return 0;
	case KEY_F13 ... KEY_F24:
		return function_keys[evdev - KEY_F13];
	case KEY_HANGEUL:
		return 0x72;
	case KEY_HANJA:
		return 0x71;
	case KEY_ZENKAKUHANKAKU:
		return 0x76;
	}
	if (evdev <= LAST_EQUAL)
		return (uint8_t)evdev;
	scancode = find(plain, evdev);
	if (scancode)
		return scancode;
	scancode = find(extended, evdev);
	return scancode ? scancode | 0x80 : 0;
}
