/*
 * The keys and buttons that one client holds on a desktop: turns scancodes into key presses at the sink, releases what is
 * held when the client goes, and brings the desktop's locks to what the client's keyboard shows.
 */
#pragma once

#include "input/keymap.h"
#include "input/sink.h"

#define KG_KEYS_MAX 768		// KEY_MAX + 1

struct kg_keys {
	struct kg_input_sink *sink;		// not owned; NULL: input goes nowhere
	enum kg_keyboard keyboard;
	uint8_t held[KG_KEYS_MAX / 8];		// keys and buttons, by evdev code
	bool pause;				// E1 1D was seen: the next 45 is the rest of Pause
	uint16_t high_surrogate;		// first half of a character beyond the BMP, 0: none
};

void kg_keys_init(struct kg_keys *keys, struct kg_input_sink *sink, enum kg_keyboard keyboard);

/* A key event of the client: scancode with flags of kg_scancode_flags. Repeated downs are passed on (auto-repeat), releases
 * of what is not held are dropped. What is no key is ignored. */
int kg_keys_scancode(struct kg_keys *keys, uint8_t scancode, unsigned flags, bool down);

/* A Unicode event: one UTF-16 unit, on its press. Tab, enter, escape and backspace are sent as their keys; other control
 * characters and unpaired surrogates are dropped. */
int kg_keys_unicode(struct kg_keys *keys, uint16_t unit, bool down);

/* A button by its BTN_ code; out of range is -EINVAL. */
int kg_keys_button(struct kg_keys *keys, uint16_t evdev, bool down);

/* The client's lock keys (bits of kg_lock), sent when its window gets the focus: releases all that is held, then presses
 * what differs from the desktop's locks ([MS-RDPBCGR] 2.2.8.1.1.3.1.1.5). Without a way to ask the desktop nothing is pressed. */
int kg_keys_sync_locks(struct kg_keys *keys, unsigned locks);

int kg_keys_release_all(struct kg_keys *keys);
