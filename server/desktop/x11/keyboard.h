/*
 * What the X server's keyboard can type, and its locks. Core keymap and XKB: characters that no key has are bound to key
 * codes that no layout uses, and unbound at the end.
 */
#pragma once

#include "server/desktop/x11/connection.h"

#define KG_X11_KEYCODES 256
#define KG_X11_SPARES_MAX 64
#define KG_X11_LAMPS 32

struct kg_x11_keyboard;

struct kg_x11_spare {
	uint8_t keycode;
	xcb_keysym_t keysym;		// that it is for, 0: none
	xcb_keysym_t bound;		// that the server was told, 0: none
	uint64_t used;			// counts presses: the smallest is the oldest
	uint64_t used_us;
};

/* A key for a character: with Shift or without, or one that has to be bound first. */
struct kg_x11_key {
	uint8_t keycode;
	bool shift;
	bool any_shift;			// the same character in both levels
	xcb_keysym_t bind;		// 0: nothing to bind
};

struct kg_x11_keyboard {
	struct kg_x11 *x;		// NULL before init
	void (*locks_changed)(void *data);	// called last: may free the keyboard
	void *data;
	uint8_t min, max;		// key codes
	xcb_keysym_t keysyms[KG_X11_KEYCODES][4];	// group 1: plain, Shift; group 2: plain, Shift
	struct kg_x11_spare spares[KG_X11_SPARES_MAX];
	uint32_t spare_count;
	uint64_t uses;
	bool asked, changed;		// the keymap is on its way, and changed again meanwhile
	bool xkb;
	uint8_t xkb_event;
	uint8_t group;
	uint8_t lamps[KG_X11_LAMPS];	// kg_lock bit of each indicator, or 0
	unsigned locks;			// bits of kg_lock
};

/* Blocks: while opening. Without XKB there are no locks. */
int kg_x11_keyboard_init(struct kg_x11_keyboard *keyboard, struct kg_x11 *x, void (*locks_changed)(void *data),
			 void *data);
void kg_x11_keyboard_done(struct kg_x11_keyboard *keyboard);

/* Finds a key for the character; one to be bound is taken at once. False when no key code is free. */
bool kg_x11_keyboard_find(struct kg_x11_keyboard *keyboard, uint32_t codepoint, struct kg_x11_key *ret);

/* How long the key code must still be left alone, since programs that are slow look its last press up in the keymap that
 * they then find, in microseconds. */
uint64_t kg_x11_keyboard_busy_us(const struct kg_x11_keyboard *keyboard, uint8_t keycode, uint64_t now_us);
void kg_x11_keyboard_bind(struct kg_x11_keyboard *keyboard, uint8_t keycode, xcb_keysym_t keysym);
void kg_x11_keyboard_pressed(struct kg_x11_keyboard *keyboard, uint8_t keycode, uint64_t now_us);
