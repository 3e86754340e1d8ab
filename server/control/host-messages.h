/*
 * kagamid (side A) and a kagami-desktop (side B). The desktop has its end as descriptor KG_HOST_CONTROL_FD.
 *
 *	kagamid                         desktop
 *	[SOURCE + connection] ────────►
 *	SETUP ────────────────────────►          opens its source, then locks itself; the other way round with SOURCE
 *	          ◄──────────────────── READY, or LOST
 *	VIEW + channel ───────────────►          one per session that shows it
 *	PING ─────────────────────────►
 *	          ◄──────────────────── PONG     late: the desktop is killed and replaced
 *	          ◄──────────────────── LOST     the last message: its source is gone
 *	END ──────────────────────────►          tells its views why, and ends
 */
#pragma once

#include "base/id.h"
#include "server/control/table.h"

#define KG_HOST_CONTROL_FD 3

enum kg_host_phase { KG_HOST_START = 1, KG_HOST_RUN = 2, KG_HOST_ANY = 3 };

enum kg_host_message_id {
	KG_HOST_SOURCE = 1,
	KG_HOST_SETUP,
	KG_HOST_READY,
	KG_HOST_VIEW,
	KG_HOST_PING,
	KG_HOST_PONG,
	KG_HOST_LOST,
	KG_HOST_END,
};

struct kg_host_setup {
	struct kg_id desktop;
	uint32_t sandbox;		// enum kg_sandbox_mode
	uint32_t uid, gid;		// to become when the source is open; UINT32_MAX: stay
	uint32_t log_level;
	uint32_t threads;		// of the job pool, 0: one per processor
	uint16_t width, height;		// wanted, 0: the kind's own
	uint16_t kind, where;		// bytes of the tail, without ends
} KG_WIRE;				// tail: kind's name, where
#define KG_HOST_WHERE_MAX 4096

struct kg_host_ready {
	uint32_t layers;
	uint16_t width, height;
} KG_WIRE;

struct kg_host_view {			// with the desktop's end of a view channel
	struct kg_id session;
} KG_WIRE;

struct kg_host_beat {			// PING, and PONG with the same number
	uint64_t number;
} KG_WIRE;

struct kg_host_lost {
	int32_t error;			// negative errno
} KG_WIRE;				// tail: one line for the log
#define KG_HOST_TEXT_MAX 256

struct kg_host_end {
	uint32_t reason;		// enum kg_end_reason
} KG_WIRE;

extern const struct kg_message_set kg_host_messages;
