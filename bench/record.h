/* What a client saw, frame by frame, and the figures that follow from it. Pure. */
#pragma once

#include "bench/stats.h"

#define KG_STUTTER_FACTOR 1.5			// an interval that is longer than the median times this is one

/* A frame that was shown. Times as from kg_now_us(), of one machine. */
struct kg_shown_frame {
	uint64_t at_us;
	uint64_t channel_bytes;		// so far
	uint32_t decode_us;
	bool coded;			// what follows is known
	uint32_t number;
	uint32_t late_us;		// the player's own delay
	uint64_t drawn_us;
};

/* Grows. Zeroed it is empty. */
struct kg_record {
	struct kg_shown_frame *frames;
	size_t count, room;
};

int kg_record_add(struct kg_record *record, const struct kg_shown_frame *frame);	// 0 or -ENOMEM
void kg_record_done(struct kg_record *record);

/* Of the frames of a span of time. What a new number shows for the first time counts as distinct; the rest refines. */
struct kg_record_figures {
	double seconds;
	uint64_t frames, coded, distinct;
	uint64_t bytes;
	struct kg_samples latency_ms;	// drawn to shown, of distinct frames
	struct kg_samples interval_ms;	// between distinct frames, or, where none has a code, between all
	struct kg_samples late_ms;	// of the player, of distinct frames
	struct kg_samples decode_ms;	// of all frames
	uint64_t stutters;
	/* Of distinct frames as they came: when each was shown, since from_us, and how late. */
	struct kg_samples at_s, at_latency_ms;
};

/* From from_us on and before to_us. Returns 0 or -ENOMEM; in both cases *ret is to be given back. */
int kg_record_figures(struct kg_record_figures *ret, const struct kg_record *record, uint64_t from_us, uint64_t to_us);
void kg_record_figures_done(struct kg_record_figures *figures);
