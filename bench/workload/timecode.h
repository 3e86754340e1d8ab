/*
 * Codes that a player draws over a corner of a workload, and that a client reads from what it decoded: which frame this is
 * and when it was drawn, and which key was pressed last. Black and white cells of 8 x 8 pixels at multiples of 8: the
 * coarsest wavelet and any DCT keep their means, and half the resolution of colours does not touch them.
 *
 *	rows of cells	0 to 5	the time code: a row of alternating cells, 160 bits
 *			6 to 10	the key code: a row of alternating cells, the other way round, 128 bits
 *
 * Times are kg_now_us() (CLOCK_MONOTONIC), so both ends must be on one machine. Pixels are B, G, R, X bytes; they are those
 * of the picture's corner, which must have the size of the code.
 */
#pragma once

#include "base/rect.h"

#define KG_CODE_CELL 8			// pixels
#define KG_CODE_COLUMNS 32		// cells in a row
#define KG_CODE_WIDTH (KG_CODE_CELL * KG_CODE_COLUMNS)
#define KG_TIMECODE_TOP 0
#define KG_TIMECODE_HEIGHT (6 * KG_CODE_CELL)
#define KG_KEYCODE_TOP KG_TIMECODE_HEIGHT
#define KG_KEYCODE_HEIGHT (5 * KG_CODE_CELL)
#define KG_CODE_HEIGHT (KG_TIMECODE_HEIGHT + KG_KEYCODE_HEIGHT)

struct kg_timecode {
	uint32_t number;		// of the workload's frame
	uint64_t drawn_us;		// when it was ready to be shown
	uint32_t late_us;		// by how much that was later than it could have been: later than due, and than wanted
};

struct kg_keycode {
	uint16_t count;			// of presses since the player started, modulo 65536; 0: none
	uint16_t key;			// the last one, a Linux KEY_ code
	uint64_t pressed_us;		// when the desktop got it
};

/* The whole picture's pixels, which is at least KG_CODE_WIDTH x KG_CODE_HEIGHT large. */
void kg_timecode_draw(uint8_t *pixels, size_t stride, const struct kg_timecode *code);
void kg_keycode_draw(uint8_t *pixels, size_t stride, const struct kg_keycode *code);

/* False: there is no code, or one that is not whole (the checksum says so). */
bool kg_timecode_read(const uint8_t *pixels, size_t stride, struct kg_timecode *ret);
bool kg_keycode_read(const uint8_t *pixels, size_t stride, struct kg_keycode *ret);

static inline struct kg_rect kg_timecode_rect(void)
{
	return (struct kg_rect){ 0, KG_TIMECODE_TOP, KG_CODE_WIDTH, KG_TIMECODE_TOP + KG_TIMECODE_HEIGHT };
}

static inline struct kg_rect kg_keycode_rect(void)
{
	return (struct kg_rect){ 0, KG_KEYCODE_TOP, KG_CODE_WIDTH, KG_KEYCODE_TOP + KG_KEYCODE_HEIGHT };
}
