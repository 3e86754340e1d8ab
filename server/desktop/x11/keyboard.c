/* What the X server's keyboard can type, and its locks. */
#define KG_TOPIC "x11"
#include "server/desktop/x11/keyboard.h"

#include "base/log.h"
#include "input/sink.h"

#include <stdio.h>
#define explicit explicit_	// a C++ word in xcb/xkb.h
#include <xcb/xkb.h>
#undef explicit

#define BUSY_US 100000
#define KEYCODE_MIN 8			// by the protocol
#define UNICODE_KEYSYM 0x01000000u	// + code point (X Window System Protocol, appendix A)

static void ask(struct kg_x11_keyboard *keyboard);

static struct kg_x11_spare *spare_of(struct kg_x11_keyboard *keyboard, uint8_t keycode)
{
	for (uint32_t i = 0; i < keyboard->spare_count; i++)
		if (keyboard->spares[i].keycode == keycode)
			return &keyboard->spares[i];
	return NULL;
}

/* A spare whose key code has been taken by a new layout is none any more. */
static void keep_spare(struct kg_x11_keyboard *keyboard, uint8_t keycode, bool empty)
{
	struct kg_x11_spare *spare = spare_of(keyboard, keycode);

	if (spare && empty) {
		/* A new layout has unbound it, or it is still to be bound. */
		if (spare->keysym == spare->bound)
			spare->keysym = 0;
		spare->bound = 0;
	} else if (spare && keyboard->keysyms[keycode][0] != spare->bound)
		*spare = keyboard->spares[--keyboard->spare_count];
	else if (!spare && empty && keyboard->spare_count < KG_X11_SPARES_MAX)
		keyboard->spares[keyboard->spare_count++] = (struct kg_x11_spare){ .keycode = keycode };
}

static void take_keymap(struct kg_x11_keyboard *keyboard, const xcb_get_keyboard_mapping_reply_t *reply)
{
	const xcb_keysym_t *keysyms = xcb_get_keyboard_mapping_keysyms(reply);
	uint32_t count = (uint32_t)xcb_get_keyboard_mapping_keysyms_length(reply), per = reply->keysyms_per_keycode;

	for (uint32_t keycode = keyboard->max; per && keycode >= keyboard->min; keycode--) {
		uint32_t at = (keycode - keyboard->min) * per;
		bool empty = true;

		if (at + per > count)
			continue;
		for (uint32_t i = 0; i < per; i++)
			empty &= keysyms[at + i] == XCB_NO_SYMBOL;
		for (uint32_t i = 0; i < 4; i++)
			keyboard->keysyms[keycode][i] = i < per ? keysyms[at + i] : XCB_NO_SYMBOL;
		keep_spare(keyboard, (uint8_t)keycode, empty);
	}
}

static void on_keymap(void *data, void *reply, uint32_t tag)
{
	struct kg_x11_keyboard *keyboard = data;

	keyboard->asked = false;
	if (keyboard->changed)
		ask(keyboard);
	else if (reply)
		take_keymap(keyboard, reply);
}

static xcb_get_keyboard_mapping_cookie_t request_keymap(struct kg_x11_keyboard *keyboard)
{
	return xcb_get_keyboard_mapping(keyboard->x->c, keyboard->min, (uint8_t)(keyboard->max - keyboard->min + 1));
}

static void ask(struct kg_x11_keyboard *keyboard)
{
	keyboard->changed = keyboard->asked;
	if (keyboard->asked)
		return;
	keyboard->asked = true;
	kg_x11_expect(keyboard->x, request_keymap(keyboard).sequence, on_keymap, keyboard, 0);
}

/* What we bound ourselves is no news. */
static void keys_changed(struct kg_x11_keyboard *keyboard, uint8_t first, uint8_t count)
{
	if (count != 1 || !spare_of(keyboard, first))
		ask(keyboard);
}

static unsigned locks_of(const struct kg_x11_keyboard *keyboard, uint32_t lamps)
{
	unsigned locks = 0;

	for (int i = 0; i < KG_X11_LAMPS; i++)
		if (lamps >> i & 1)
			locks |= keyboard->lamps[i];
	return locks;
}

static void on_event(void *data, xcb_generic_event_t *event)
{
	struct kg_x11_keyboard *keyboard = data;
	uint8_t type = event->response_type & 0x7f;

	if (type == XCB_MAPPING_NOTIFY) {
		const xcb_mapping_notify_event_t *mapping = (const xcb_mapping_notify_event_t *)event;

		if (mapping->request == XCB_MAPPING_KEYBOARD)
			keys_changed(keyboard, mapping->first_keycode, mapping->count);
		return;
	}
	if (!keyboard->xkb || type != keyboard->xkb_event)
		return;
	switch (event->pad0) {		// xkbType
	case XCB_XKB_NEW_KEYBOARD_NOTIFY:
		ask(keyboard);
		break;
	case XCB_XKB_MAP_NOTIFY: {
		const xcb_xkb_map_notify_event_t *map = (const xcb_xkb_map_notify_event_t *)event;

		keys_changed(keyboard, map->firstKeySym, map->nKeySyms);
		break;
	}
	case XCB_XKB_STATE_NOTIFY:
		keyboard->group = ((const xcb_xkb_state_notify_event_t *)event)->group;
		break;
	case XCB_XKB_INDICATOR_STATE_NOTIFY: {
		unsigned locks = locks_of(keyboard, ((const xcb_xkb_indicator_state_notify_event_t *)event)->state);

		if (locks == keyboard->locks)
			break;
		keyboard->locks = locks;
		keyboard->locks_changed(keyboard->data);
		break;
	}
	}
}

/* ---- Opening ---- */

static uint8_t lock_named(struct kg_x11 *x, xcb_atom_t atom)
{
	static const struct {
		const char *name;
		uint8_t lock;
	} named[] = {
		{ "Caps Lock", KG_LOCK_CAPS }, { "Num Lock", KG_LOCK_NUM }, { "Scroll Lock", KG_LOCK_SCROLL },
		{ "Kana", KG_LOCK_KANA },
	};
	xcb_get_atom_name_reply_t *reply = xcb_get_atom_name_reply(x->c, xcb_get_atom_name(x->c, atom), NULL);
	uint8_t lock = 0;

	for (size_t i = 0; reply && reply->name_len <= 4ull * reply->length && i < KG_ARRAY_SIZE(named); i++)
		if ((size_t)xcb_get_atom_name_name_length(reply) == strlen(named[i].name) &&
		    !memcmp(xcb_get_atom_name_name(reply), named[i].name, strlen(named[i].name)))
			lock = named[i].lock;
	free(reply);
	return lock;
}

static void find_lamps(struct kg_x11_keyboard *keyboard)
{
	struct kg_x11 *x = keyboard->x;
	xcb_xkb_get_names_reply_t *reply = xcb_xkb_get_names_reply(
		x->c, xcb_xkb_get_names(x->c, XCB_XKB_ID_USE_CORE_KBD, XCB_XKB_NAME_DETAIL_INDICATOR_NAMES), NULL);
	xcb_xkb_get_names_value_list_t list = { 0 };

	if (!reply || reply->which != XCB_XKB_NAME_DETAIL_INDICATOR_NAMES ||
	    (uint32_t)__builtin_popcount(reply->indicators) > reply->length) {
		free(reply);
		return;
	}
	xcb_xkb_get_names_value_list_unpack(xcb_xkb_get_names_value_list(reply), reply->nTypes, reply->indicators,
					    reply->virtualMods, reply->groupNames, reply->nKeys, reply->nKeyAliases,
					    reply->nRadioGroups, reply->which, &list);
	for (int i = 0, named = 0; list.indicatorNames && i < KG_X11_LAMPS; i++)
		if (reply->indicators >> i & 1)
			keyboard->lamps[i] = lock_named(x, list.indicatorNames[named++]);
	free(reply);
}

static void init_xkb(struct kg_x11_keyboard *keyboard)
{
	struct kg_x11 *x = keyboard->x;
	const xcb_query_extension_reply_t *extension = xcb_get_extension_data(x->c, &xcb_xkb_id);
	const uint16_t events = XCB_XKB_EVENT_TYPE_NEW_KEYBOARD_NOTIFY | XCB_XKB_EVENT_TYPE_MAP_NOTIFY |
				XCB_XKB_EVENT_TYPE_STATE_NOTIFY | XCB_XKB_EVENT_TYPE_INDICATOR_STATE_NOTIFY;
	const xcb_xkb_select_events_details_t details = {
		.affectNewKeyboard = XCB_XKB_NKN_DETAIL_KEYCODES, .newKeyboardDetails = XCB_XKB_NKN_DETAIL_KEYCODES,
		.affectState = XCB_XKB_STATE_PART_GROUP_STATE, .stateDetails = XCB_XKB_STATE_PART_GROUP_STATE,
		.affectIndicatorState = UINT32_MAX, .indicatorStateDetails = UINT32_MAX,
	};
	xcb_xkb_use_extension_reply_t *use;
	xcb_xkb_get_state_reply_t *state;
	xcb_xkb_get_indicator_state_reply_t *lamps;

	if (!extension || !extension->present)
		return;
	use = xcb_xkb_use_extension_reply(x->c, xcb_xkb_use_extension(x->c, 1, 0), NULL);
	if (!use || !use->supported) {
		free(use);
		return;
	}
	free(use);
	keyboard->xkb = true;
	keyboard->xkb_event = extension->first_event;
	find_lamps(keyboard);
	xcb_xkb_select_events_aux(x->c, XCB_XKB_ID_USE_CORE_KBD, events, 0, 0, XCB_XKB_MAP_PART_KEY_SYMS,
				  XCB_XKB_MAP_PART_KEY_SYMS, &details);
	state = xcb_xkb_get_state_reply(x->c, xcb_xkb_get_state(x->c, XCB_XKB_ID_USE_CORE_KBD), NULL);
	lamps = xcb_xkb_get_indicator_state_reply(x->c, xcb_xkb_get_indicator_state(x->c, XCB_XKB_ID_USE_CORE_KBD),
						  NULL);
	if (state)
		keyboard->group = state->group;
	if (lamps)
		keyboard->locks = locks_of(keyboard, lamps->state);
	free(state);
	free(lamps);
}

int kg_x11_keyboard_init(struct kg_x11_keyboard *keyboard, struct kg_x11 *x, void (*locks_changed)(void *data),
			 void *data)
{
	const xcb_setup_t *setup = xcb_get_setup(x->c);
	xcb_get_keyboard_mapping_reply_t *reply;
	int r;

	*keyboard = (struct kg_x11_keyboard){ .x = x, .locks_changed = locks_changed, .data = data,
					      .min = setup->min_keycode, .max = setup->max_keycode };
	if (keyboard->min < KEYCODE_MIN || keyboard->max < keyboard->min)
		return kg_err(-EPROTO, "X server %s has key codes from %u to %u", x->display, keyboard->min, keyboard->max);
	r = kg_x11_listen(x, on_event, keyboard);
	if (r < 0)
		return r;
	init_xkb(keyboard);
	reply = xcb_get_keyboard_mapping_reply(x->c, request_keymap(keyboard), NULL);
	if (!reply)
		return kg_err(-EIO, "X server %s does not tell its keymap", x->display);
	take_keymap(keyboard, reply);
	free(reply);
	return 0;
}

void kg_x11_keyboard_done(struct kg_x11_keyboard *keyboard)
{
	struct kg_x11 *x = keyboard->x;

	if (!x)
		return;
	kg_x11_forget(x, keyboard);
	for (uint32_t i = 0; i < keyboard->spare_count; i++)
		if (keyboard->spares[i].bound) {
			xcb_change_keyboard_mapping(x->c, 1, keyboard->spares[i].keycode, 2,
						    (xcb_keysym_t[]){ XCB_NO_SYMBOL, XCB_NO_SYMBOL });
			x->settle = true;
		}
}

/* ---- Typing ---- */

static xcb_keysym_t keysym_of(uint32_t codepoint)
{
	bool latin1 = (codepoint >= 0x20 && codepoint < 0x7f) || (codepoint >= 0xa0 && codepoint < 0x100);

	return latin1 ? codepoint : UNICODE_KEYSYM | codepoint;
}

bool kg_x11_keyboard_find(struct kg_x11_keyboard *keyboard, uint32_t codepoint, struct kg_x11_key *ret)
{
	xcb_keysym_t keysym = keysym_of(codepoint);
	struct kg_x11_spare *oldest = NULL;

	for (uint32_t i = 0; i < keyboard->spare_count; i++) {
		struct kg_x11_spare *spare = &keyboard->spares[i];

		if (spare->keysym == keysym) {
			spare->used = ++keyboard->uses;
			*ret = (struct kg_x11_key){ .keycode = spare->keycode, .any_shift = true };
			return true;
		}
		if (!oldest || spare->used < oldest->used)
			oldest = spare;
	}
	/* A key of the current group; the third group and level have no place in the core keymap's first columns. */
	for (uint32_t level = 0; keyboard->group < 2 && level < 2; level++)
		for (uint32_t keycode = keyboard->min; keycode <= keyboard->max; keycode++)
			if (keyboard->keysyms[keycode][keyboard->group * 2 + level] == keysym) {
				*ret = (struct kg_x11_key){ .keycode = (uint8_t)keycode, .shift = level };
				return true;
			}
	if (!oldest)
		return false;
	oldest->used = ++keyboard->uses;
	oldest->keysym = keysym;
	*ret = (struct kg_x11_key){ .keycode = oldest->keycode, .any_shift = true, .bind = keysym };
	return true;
}

uint64_t kg_x11_keyboard_busy_us(const struct kg_x11_keyboard *keyboard, uint8_t keycode, uint64_t now_us)
{
	for (uint32_t i = 0; i < keyboard->spare_count; i++) {
		const struct kg_x11_spare *spare = &keyboard->spares[i];

		if (spare->keycode == keycode && spare->used_us && now_us - spare->used_us < BUSY_US)
			return BUSY_US - (now_us - spare->used_us);
	}
	return 0;
}

/* The same character in both levels: whoever holds Shift gets it too. */
void kg_x11_keyboard_bind(struct kg_x11_keyboard *keyboard, uint8_t keycode, xcb_keysym_t keysym)
{
	struct kg_x11_spare *spare = spare_of(keyboard, keycode);

	if (!spare)
		return;
	spare->bound = keysym;
	keyboard->changed |= keyboard->asked;	// that answer is older
	xcb_change_keyboard_mapping(keyboard->x->c, 1, keycode, 2, (xcb_keysym_t[]){ keysym, keysym });
}

void kg_x11_keyboard_pressed(struct kg_x11_keyboard *keyboard, uint8_t keycode, uint64_t now_us)
{
	struct kg_x11_spare *spare = spare_of(keyboard, keycode);

	if (spare)
		spare->used_us = now_us;
}
