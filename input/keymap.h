/* From PC set 1 scancodes, as RDP carries them, to Linux key codes and on to QEMU's numbers. Pure tables. */
#pragma once

#include "base/base.h"

enum kg_scancode_flags {
	KG_SCANCODE_E0 = 1,	// extended
	KG_SCANCODE_E1 = 2,	// first half of Pause
};

/* [MS-RDPBCGR] 2.2.1.3.2 keyboardType */
enum kg_keyboard { KG_KEYBOARD_PC = 4, KG_KEYBOARD_JAPANESE = 7, KG_KEYBOARD_KOREAN = 8 };

/* The KEY_ code of one scancode without the sequences (Pause), 0 when there is none or it is to be ignored (fake shifts). */
uint16_t kg_keymap_evdev(uint8_t scancode, unsigned flags, enum kg_keyboard keyboard);

/* QEMU's qnum of a KEY_ code: scancode, with 0x80 set for extended ones; 0 when it has none. */
uint8_t kg_keymap_qnum(uint16_t evdev);
