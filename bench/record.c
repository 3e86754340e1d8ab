/* Figures of what a client saw. */
#include "bench/record.h"

int kg_record_add(struct kg_record *record, const struct kg_shown_frame *frame)
{
	if (record->count == record->room) {
		size_t room = record->room ? record->room * 2 : 256;
		struct kg_shown_frame *frames = reallocarray(record->frames, room, sizeof(*frames));

		if (!frames)
			return -ENOMEM;
		record->frames = frames;
		record->room = room;
	}
	record->frames[record->count++] = *frame;
	return 0;
}

void kg_record_done(struct kg_record *record)
{
	free(record->frames);
	*record = (struct kg_record){ 0 };
}

static double ms_between(uint64_t from_us, uint64_t to_us)
{
	return ((double)to_us - (double)from_us) / 1000;
}

/* The player draws numbers in rising order, so a new number is another than the last. */
static int add_distinct(struct kg_record_figures *figures, const struct kg_shown_frame *frame, uint64_t from_us)
{
	double latency_ms = ms_between(frame->drawn_us, frame->at_us);
	int r = kg_samples_add(&figures->latency_ms, latency_ms);

	figures->distinct++;
	if (r >= 0)
		r = kg_samples_add(&figures->at_s, ms_between(from_us, frame->at_us) / 1000);
	if (r >= 0)
		r = kg_samples_add(&figures->at_latency_ms, latency_ms);
	return r < 0 ? r : kg_samples_add(&figures->late_ms, frame->late_us / 1000.0);
}

static int add_frames(struct kg_record_figures *figures, const struct kg_record *record, uint64_t from_us,
		      uint64_t to_us)
{
	const struct kg_shown_frame *last = NULL;	// with a code, in the span or before it
	uint64_t bytes_before = 0;
	int r = 0;

	for (size_t i = 0; i < record->count && r >= 0; i++) {
		const struct kg_shown_frame *frame = &record->frames[i];
		bool new = frame->coded && (!last || last->number != frame->number);

		if (frame->at_us >= to_us)
			break;
		if (frame->at_us < from_us) {
			bytes_before = frame->channel_bytes;
		} else {
			figures->frames++;
			figures->coded += frame->coded;
			figures->bytes = frame->channel_bytes - bytes_before;
			r = kg_samples_add(&figures->decode_ms, frame->decode_us / 1000.0);
			if (r >= 0 && new)
				r = add_distinct(figures, frame, from_us);
		}
		if (new)
			last = frame;
	}
	return r;
}

static int add_intervals(struct kg_record_figures *figures, const struct kg_record *record, uint64_t from_us,
			 uint64_t to_us)
{
	const struct kg_shown_frame *last = NULL;
	int r = 0;

	for (size_t i = 0; i < record->count && r >= 0; i++) {
		const struct kg_shown_frame *frame = &record->frames[i];

		if (frame->at_us < from_us || frame->at_us >= to_us || (figures->coded && !frame->coded))
			continue;
		if (last && figures->coded && last->number == frame->number)
			continue;
		if (last)
			r = kg_samples_add(&figures->interval_ms, ms_between(last->at_us, frame->at_us));
		last = frame;
	}
	return r;
}

int kg_record_figures(struct kg_record_figures *ret, const struct kg_record *record, uint64_t from_us, uint64_t to_us)
{
	int r;

	*ret = (struct kg_record_figures){ .seconds = ms_between(from_us, to_us) / 1000 };
	r = add_frames(ret, record, from_us, to_us);
	if (r >= 0)
		r = add_intervals(ret, record, from_us, to_us);
	if (r >= 0 && ret->interval_ms.count)
		ret->stutters = kg_samples_above(&ret->interval_ms,
						 kg_samples_percentile(&ret->interval_ms, 50) * KG_STUTTER_FACTOR);
	return r;
}

void kg_record_figures_done(struct kg_record_figures *figures)
{
	kg_samples_done(&figures->latency_ms);
	kg_samples_done(&figures->interval_ms);
	kg_samples_done(&figures->late_ms);
	kg_samples_done(&figures->decode_ms);
	kg_samples_done(&figures->at_s);
	kg_samples_done(&figures->at_latency_ms);
}
