/*
 * From damage to encoded pieces. Each tile that is damaged, that the client does not have, or that it shall have exactly now
 * is compared with the mirror, which takes a snapshot of it, and what differs is encoded from there, in one of a few ways that
 * are chosen tile by tile. A piece is one graphics message, one bitmap record or one surface record.
 *
 * Pure. begin on one thread; then the jobs of the first stage on any threads; when all have run next on one thread, and so on
 * until there is no further stage; then the pieces are read on one thread (server/display/slice.h). Image and mirror must
 * stay until the last job has run.
 *
 *	begin ──► move, one job: what has moved is looked for ──► next: the mirror moves it, too
 *	──► look: rows of tiles are compared and taken ──► next: ways are chosen ──► encode: parts are written, text is analysed
 *	──► next ──► clear, one job: text is written, which changes the model of the client's caches ──► next: 0
 */
#pragma once

#include "base/limits.h"
#include "base/region.h"
#include "server/control/view-messages.h"
#include "server/display/cache.h"
#include "server/display/mirror.h"

#define KG_PLAN_CONTEXT 0	// of progressive, on every surface

/* The way of a tile. */
enum kg_way {
	KG_WAY_KEEP,		// the client has it
	KG_WAY_FILL,		// one colour
	KG_WAY_CACHED,		// from the client's cache
	KG_WAY_CLEAR,		// ClearCodec: exact, for text
	KG_WAY_PLANAR,		// exact, for everything
	KG_WAY_LOSSY,		// RemoteFX: nearly, for pictures
};

/* What a client decodes of RemoteFX. */
enum kg_lossy {
	KG_LOSSY_NONE,
	KG_LOSSY_PROGRESSIVE,	// graphics
	KG_LOSSY_CLASSIC,	// graphics, for thin clients; bitmaps
};

struct kg_plan_tile {
	uint8_t way;			// enum kg_way
	uint8_t class;			// enum kg_class
	bool changed;			// against the mirror
	struct kg_rect rect;		// that is sent, of the screen
	struct kg_hash hash;
};

enum kg_plan_stage { KG_PLAN_NOTHING, KG_PLAN_MOVE, KG_PLAN_LOOK, KG_PLAN_ENCODE, KG_PLAN_CLEAR };

/* What a job does. */
struct kg_plan_work {
	enum { KG_WORK_MOVE, KG_WORK_LOOK, KG_WORK_PLANAR, KG_WORK_ANALYSE, KG_WORK_CLEAR, KG_WORK_LOSSY } kind;
	uint32_t first;			// row of tiles, text, or lossy tile
	uint32_t tiles;			// of that way
	uint32_t part;			// that it writes
};

/* A rectangle of text that ClearCodec takes. */
struct kg_plan_text {
	struct kg_rect rect;
	void *scratch;
	struct kg_clear_plan *plan;	// in scratch
};

/* Pieces that follow each other, in memory of their own. */
struct kg_plan_part {
	enum kg_slice_kind kind;
	uint8_t *bytes;
	size_t room, size;
};

#define KG_PLAN_ROWS ((KG_DESKTOP_SIZE_MAX + KG_TILE - 1) / KG_TILE)
#define KG_PLAN_BATCH 60	// lossy tiles that one job encodes together: two rows of 1920 pixels
#define KG_PLAN_THREADS 64	// more do not help
#define KG_PLAN_PARTS (KG_PLAN_ROWS + KG_PLAN_ROWS * KG_PLAN_ROWS / KG_PLAN_BATCH + KG_PLAN_THREADS + 4)

struct kg_plan {
	/* the caller's */
	const struct kg_dsp *dsp;
	uint32_t threads;		// that run jobs side by side
	const struct kg_hash_key *hash_key;	// graphics
	struct kg_mirror *mirror;
	bool graphics;			// or bitmaps
	enum kg_lossy lossy;
	const struct kg_progressive_ladder *ladder;	// of lossy tiles, its last pass
	enum kg_rfx_coder coder;	// classic
	bool video_mode;		// classic, not image mode
	uint32_t message_max;		// classic on the bitmap path: bytes of one message, at least KG_PLAN_MESSAGE_LEAST
	uint16_t surface;		// graphics: where pieces go
	struct kg_cache *cache;		// graphics: the client's, or NULL
	struct kg_clear *clear;		// graphics: the client's, or NULL

	bool has_context;		// the surface has an encoding context of progressive: kept from plan to plan
	uint32_t number;		// of the plan

	/* of the plan in work */
	enum kg_plan_stage stage;
	struct kg_image image;		// of the frame
	uint64_t now_ms;
	uint32_t tiles_touched;		// of the damage, before anything moves
	uint32_t work_count;
	struct kg_plan_part parts[KG_PLAN_PARTS];	// in the order in which they are sent
	uint32_t part_count, clear_part;	// clear_part: where text is written
	uint32_t text_count;
	struct kg_copy copies[KG_MOTION_COPIES];
	uint32_t copy_count;
	bool failed;			// a job had no memory

	/* a byte or a struct for each tile of the mirror */
	size_t tile_count;
	uint8_t *touched, *due;
	struct kg_damage *damages;	// what may have moved
	void *motion_scratch;
	struct kg_plan_tile *tiles;
	struct kg_plan_work *works;	// and one for each row
	struct kg_plan_text *texts;
	uint32_t *lossy_tiles;		// their numbers, in order
	uint32_t lossy_count;
	struct kg_class_state *classes;	// kept from plan to plan
};

/* The quality of lossy tiles, which is constant: 38 dB and more for each tile. */
void kg_plan_ladder_init(struct kg_progressive_ladder *ladder);

/* A classic message may have to hold one tile of any picture, and the head. */
#define KG_PLAN_MESSAGE_LEAST (3 * KG_RFX_BYTES + 1024)

/* Fewer tiles than this are not looked through for what has moved: begin goes on with look. */
#define KG_PLAN_MOVE_TILES 8

/* The fields up to clear are the caller's; the rest is zero at first. */
void kg_plan_done(struct kg_plan *plan);

/*
 * image has the mirror's size; now_ms of a clock that does not go back. Returns the number of jobs, 0 when there is nothing
 * to look at, or -ENOMEM. Pieces of the plan before are forgotten.
 */
int kg_plan_begin(struct kg_plan *plan, const struct kg_image *image, const struct kg_region *damage, uint64_t now_ms);

/* One job of the stage. scratch: kg_plan_scratch() bytes, aligned to 64, that nobody else uses meanwhile. */
void kg_plan_job(struct kg_plan *plan, uint32_t i, void *scratch);
size_t kg_plan_scratch(void);

/* All jobs of the stage have run: the number of jobs of the next, 0 when the plan is complete, or -ENOMEM. */
int kg_plan_next(struct kg_plan *plan);

size_t kg_plan_size(const struct kg_plan *plan);	// bytes of all pieces; 0: nothing has changed
void kg_plan_end(struct kg_plan *plan);			// the pieces are used
