/* Takes pictures as they come: each is written before the next is wanted, so that none is torn. */
#include "bench/recording.h"

#include "base/cursor.h"
#include "base/frame.h"
#include "base/loop.h"
#include "bench/workload/kgw.h"
#include "server/desktop/source.h"

#include <stdio.h>

struct kg_recording {
	struct kg_loop *loop;
	struct kg_source *source;
	struct kg_watch *end, *next, *progress;
	struct kg_recording_options options;
	int fd;
	struct kg_kgw_writer *writer;	// from the first picture on, whose size the recording has
	uint32_t width, height;
	uint64_t begun_us, taken_us;	// the first picture, the last
	uint32_t frames;
	struct kg_cursor cursor;	// goes with the next picture, if due
	uint8_t *cursor_pixels;
	bool cursor_due;
	int error;
	const char *why;
};

static void stop(struct kg_recording *recording, int error, const char *why)
{
	if (!recording->error) {
		recording->error = error;
		recording->why = why;
	}
	kg_loop_quit(recording->loop, 0);
}

void kg_recording_stop(struct kg_recording *recording)
{
	stop(recording, 0, NULL);
}

/* ---- what the desktop tells ---- */

static int write_frame(struct kg_recording *recording, const struct kg_frame *frame)
{
	int r = 0;

	if (!recording->writer) {
		recording->width = frame->width;
		recording->height = frame->height;
		recording->begun_us = frame->captured_us;
		r = kg_kgw_writer_new(&recording->writer, recording->fd, frame->width, frame->height);
	}
	if (r == 0)
		r = kg_kgw_write(recording->writer, frame->pixels, frame->stride, &frame->damage, frame->captured_us,
				 recording->cursor_due ? &recording->cursor : NULL);
	return r;
}

static void on_frame(void *data, struct kg_frame *frame)
{
	struct kg_recording *recording = data;
	uint64_t interval_us = recording->options.fps ? 1000000 / recording->options.fps : 0, spent_us;
	int r;

	if (recording->writer && (frame->width != recording->width || frame->height != recording->height))
		return stop(recording, -EMSGSIZE, "the desktop took another size: the recording ends before that");
	r = write_frame(recording, frame);
	if (r < 0)
		return stop(recording, r, "the file cannot be written");
	recording->cursor_due = false;
	recording->frames++;
	recording->taken_us = frame->captured_us;
	spent_us = kg_now_us() - frame->captured_us;
	if (interval_us > spent_us)
		(void)kg_watch_arm(recording->next, interval_us - spent_us);
	else
		kg_source_want(recording->source);
}

static void on_cursor(void *data, const struct kg_cursor *cursor)
{
	struct kg_recording *recording = data;
	size_t size = (size_t)cursor->width * cursor->height * 4;
	uint8_t *pixels = size ? malloc(size) : NULL;

	if (size && !pixels)
		return stop(recording, -ENOMEM, "no memory for a pointer");
	if (size)
		memcpy(pixels, cursor->pixels, size);
	free(recording->cursor_pixels);
	recording->cursor_pixels = pixels;
	recording->cursor = *cursor;
	recording->cursor.pixels = pixels;
	recording->cursor_due = true;
}

static void on_warp(void *data, int32_t x, int32_t y)
{
	/* Where the pointer is is a client's, not a picture's. */
}

static void on_locks(void *data, unsigned locks)
{
}

static void on_lost(void *data, int error, const char *why)
{
	stop(data, 0, NULL);	// what was recorded is what there was
}

static const struct kg_source_events source_events = {
	.frame = on_frame,
	.cursor = on_cursor,
	.warp = on_warp,
	.locks = on_locks,
	.lost = on_lost,
};

/* ---- time ---- */

static void on_end(void *data)
{
	kg_recording_stop(data);
}

static void on_next(void *data)
{
	struct kg_recording *recording = data;

	kg_source_want(recording->source);
}

static void on_progress(void *data)
{
	struct kg_recording *recording = data;
	double seconds = recording->frames ? (double)(kg_now_us() - recording->begun_us) / 1e6 : 0;

	fprintf(stderr, "\r%5.0f s, %u pictures", seconds, recording->frames);
	if (recording->options.seconds > 0)
		fprintf(stderr, ", %.0f s to go ", KG_MAX(recording->options.seconds - seconds, 0.));
	(void)kg_watch_arm(recording->progress, 1000000);
}

int kg_recording_new(struct kg_recording **ret, struct kg_loop *loop, struct kg_source *source, int fd,
		     const struct kg_recording_options *options)
{
	struct kg_recording *recording = calloc(1, sizeof(*recording));
	int r;

	if (!recording)
		return -ENOMEM;
	recording->loop = loop;
	recording->source = source;
	recording->fd = fd;
	recording->options = *options;
	r = kg_loop_timer(loop, &recording->end, UINT64_MAX, on_end, recording);
	if (r == 0)
		r = kg_loop_timer(loop, &recording->next, UINT64_MAX, on_next, recording);
	if (r == 0)
		r = kg_loop_timer(loop, &recording->progress, UINT64_MAX, on_progress, recording);
	if (r < 0) {
		kg_recording_free(recording);
		return r;
	}
	*ret = recording;
	return 0;
}

void kg_recording_free(struct kg_recording *recording)
{
	if (!recording)
		return;
	kg_watch_free(recording->end);
	kg_watch_free(recording->next);
	kg_watch_free(recording->progress);
	kg_kgw_writer_free(recording->writer);
	free(recording->cursor_pixels);
	free(recording);
}

int kg_recording_start(struct kg_recording *recording)
{
	int r = kg_source_start(recording->source, &source_events, recording);

	if (r < 0)
		return r;
	if (recording->options.seconds > 0)
		r = kg_watch_arm(recording->end, (uint64_t)(recording->options.seconds * 1e6));
	if (r == 0 && !recording->options.quiet)
		r = kg_watch_arm(recording->progress, 1000000);
	if (r == 0)
		kg_source_want(recording->source);
	return r;
}

int kg_recording_finish(struct kg_recording *recording, uint32_t *ret_frames, double *ret_seconds, const char **ret_why)
{
	uint64_t now_us = kg_now_us();
	int r = -ENODATA;

	if (!recording->options.quiet && recording->frames)
		fputc('\n', stderr);
	*ret_why = recording->why ? recording->why : "the desktop showed nothing";
	if (recording->writer)
		r = kg_kgw_finish(recording->writer, now_us);
	if (r < 0)
		return r;
	*ret_frames = recording->frames;
	*ret_seconds = (double)(now_us - recording->begun_us) / 1e6;
	return recording->error;
}
