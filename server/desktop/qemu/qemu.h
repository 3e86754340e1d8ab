/* The kind "qemu" from within: one virtual machine's console, its parts and who handles what. */
#pragma once

#include "base/region.h"
#include "input/sink_impl.h"
#include "server/desktop/qemu/bus.h"
#include "server/desktop/qemu/surface.h"
#include "server/desktop/source_impl.h"

struct kg_qemu_picture;

#define KG_QEMU_KEYBOARD "org.qemu.Display1.Keyboard"
#define KG_QEMU_KEYS_MAX 4096

/* Keys that wait for their turn (keyboard.c). */
struct kg_qemu_keys {
	struct kg_watch *pace;
	uint64_t next_us;		// when all that was sent has gone at the keyboard's pace
	uint32_t first, count;
	struct kg_qemu_key {
		uint8_t number;		// QEMU's
		bool down;
	} queue[KG_QEMU_KEYS_MAX];
};

/* What the machine's keyboard and mouse are told, and what they told (input.c). */
struct kg_qemu_input {
	int locks;			// bits of kg_lock, or -ENOTSUP while they are not known
	bool absolute;			// the mouse takes positions
	unsigned shifts;		// held: 1 left, 2 right
	struct kg_qemu_keys keys;
	int32_t x, y;			// where the pointer is, as far as is known
	int32_t dx, dy;			// a relative motion that waits
	bool moved;			// a motion waits until the one before is answered
	bool moving;			// one is on its way
	unsigned waiting;		// calls that are not answered
	int32_t wheel[2];		// vertical, horizontal: what does not make a notch yet
};

struct kg_qemu {
	struct kg_source source;
	struct kg_input_sink sink;
	struct kg_loop *loop;
	struct kg_qemu_bus display;	// the connection that kagamid made: calls go out here
	struct kg_qemu_bus listener;	// the second, over which QEMU calls with what it draws
	struct kg_watch *soon;		// events are told from here, never from within a call or from sd-bus

	struct kg_qemu_surface surface;
	struct kg_qemu_picture *picture;	// the last frame's pixels
	struct kg_region damage;	// of the surface, since the picture
	uint64_t sequence;
	bool wanted;
	bool cannot_resize;
	unsigned complaints;

	struct kg_qemu_cursor {
		uint16_t width, height, hot_x, hot_y;
		uint8_t *pixels;
		bool hidden, changed;
	} cursor;
	struct kg_qemu_input input;
	bool locks_changed;

	int lost;			// negative errno: lost() is to be told
	const char *why;
	bool told;			// it was: nothing more is
};

/* Arms soon where there is something to tell. */
void kg_qemu_soon(struct kg_qemu *qemu);

/* Ends the desktop, once; why stays valid. To be called from anywhere, also before start. */
void kg_qemu_lose(struct kg_qemu *qemu, int error, const char *why);

/* Logs what QEMU did wrong: "the virtual machine's " what. */
void kg_qemu_complain(struct kg_qemu *qemu, int error, const char *what);

/* What every answer goes through: 0, or a negative errno for an error message, which after a deadline ends the desktop. */
int kg_qemu_answered(struct kg_qemu *qemu, sd_bus_message *answer);

/* console.c: makes the listener and asks QEMU to call it. */
int kg_qemu_console_open(struct kg_qemu *qemu, void (*closed)(void *data, int error));

/* input.c: asks how keyboard and mouse are, once display is started, and hears what changes. */
extern const struct kg_input_sink_impl kg_qemu_sink_impl;
int kg_qemu_input_open(struct kg_qemu *qemu);
int kg_qemu_input_send(struct kg_qemu *qemu, const char *interface, const char *member, uint32_t number);

/* keyboard.c */
int kg_qemu_keyboard_open(struct kg_qemu *qemu);
int kg_qemu_key(struct kg_input_sink *sink, uint16_t evdev, bool down);
int kg_qemu_text(struct kg_input_sink *sink, uint32_t codepoint);
