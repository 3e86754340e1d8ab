/* The source of the kind x11: a screen of an X server. Shared by the files that make it up. */
#pragma once

#include "server/desktop/source_impl.h"
#include "server/desktop/x11/connection.h"
#include "server/desktop/x11/resize.h"
#include "server/desktop/x11/segment.h"

#include <xcb/damage.h>
#include <xcb/xfixes.h>

/*
 * A capture, when one is wanted and something is damaged:
 *	IDLE -> subtract the damage, fetch what it was -> FETCHING -> get the pictures -> GETTING -> frame -> IDLE
 * The server subtracts before it reads pixels, and reports anew what is drawn after the subtraction: a change is in the
 * pictures or in the next report, never in neither. The report (level "not empty") comes once until the next subtraction.
 */
enum kg_x11_capture { KG_X11_IDLE, KG_X11_FETCHING, KG_X11_GETTING };

struct kg_x11_screen {
	struct kg_source source;
	struct kg_x11 *x;		// owned
	struct kg_x11_segment *segment;
	struct kg_x11_resize resize;
	xcb_damage_damage_t damage;
	xcb_xfixes_region_t parts;
	uint8_t damage_event, cursor_event;	// first numbers of the extensions' events

	enum kg_x11_capture capture;
	bool started, wanted;
	bool reported;			// the server has damage that was not subtracted
	bool whole;			// the next frame shows everything anew
	struct kg_region taken;		// subtracted and not yet in a frame
	struct { struct kg_rect rect; size_t offset; } packed[KG_REGION_RECTS];	// of this capture
	uint32_t packed_count;
	uint32_t pictures;		// answers that are still to come
	bool misread;			// one of them was an error
	bool settled;			// after which the size of the root was looked up once
	uint64_t sequence;

	bool cursor_asked, cursor_changed;
};

/* Takes x, also on failure. */
int kg_x11_screen_new(struct kg_x11_screen **ret, struct kg_x11 *x);

void kg_x11_cursor_ask(struct kg_x11_screen *screen);
