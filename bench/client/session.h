/*
 * A session of the measuring client: takes what a server sends and notes what was shown when. Many run in one loop, on
 * its thread. It either decodes, as stock clients do with FreeRDP's own decoders, or only acknowledges frames after a
 * while.
 */
#pragma once

#include "bench/client/connection.h"
#include "bench/client/tally.h"
#include "bench/workload/timecode.h"
#include "codec/image.h"

struct kg_loop;
struct kg_session;
struct kg_watch;

struct kg_session_how {
	const char *server;		// HOST:PORT
	const char *user, *password;
	const char *size;		// WIDTHxHEIGHT
	bool legacy;			// without the graphics channel: RemoteFX as surface commands, and bitmaps
	bool decode;
	bool threads;			// FreeRDP's decoders may use their own, as in stock clients
	uint32_t ack_delay_ms;		// without decoding
};

/* A frame that was shown: its last byte has been decoded, or, without decoding, has come. */
struct kg_shown {
	uint64_t at_us;
	uint64_t channel_bytes;		// of the graphics channel up to here, as they came
	uint32_t decode_us;		// of the processor, for this frame
	bool has_time, has_key;		// the codes could be read
	struct kg_timecode time;
	struct kg_keycode key;
};

struct kg_session_events {
	/* In the middle of decoding: what is kept of the picture is copied. */
	void (*shown)(void *data, struct kg_session *session, const struct kg_shown *shown);
	void (*ended)(void *data, struct kg_session *session, const char *why);		// free it later
};

/* Others only read it. */
struct kg_session {
	struct kg_connection connection;	// first
	const struct kg_session_how *how;
	const struct kg_session_events *events;
	void *data;
	struct kg_loop *loop;
	struct kg_watch *watches[12];
	size_t watch_count;
	uint64_t connected_us;		// when it had logged on
	uint64_t first_us;		// when the first frame was shown, 0: not yet
	struct kg_tally tally;
	uint64_t channel_bytes;		// of the graphics channel
	uint64_t decode_us, frame_decode_us;	// of the processor: in all, and up to the last frame's end
	uint64_t decoding_since_us;	// 0: does not decode
	bool marked;			// without the graphics channel: the server marks its frames' ends
	bool over;

	/* Without decoding. */
	void *zgfx;			// FreeRDP's, to find the frames' ends
	struct kg_watch *ack_timer;
	struct { uint32_t frame; uint64_t due_us; } waiting[256];	// acknowledgements, from ack_first on
	uint32_t ack_first, ack_count;
	uint32_t acknowledged;
};

/* how and events stay the caller's and live longer. */
int kg_session_new(struct kg_session **ret, struct kg_loop *loop, const struct kg_session_how *how,
		   const struct kg_session_events *events, void *data);
void kg_session_free(struct kg_session *session);	// NULL is fine

/* Connects and logs on, which blocks; frames come from then on. -ECONNREFUSED: see kg_connection_error(). */
int kg_session_open(struct kg_session *session);
void kg_session_close(struct kg_session *session);

bool kg_session_picture(const struct kg_session *session, struct kg_image *ret);	// false: there is none
bool kg_session_press(struct kg_session *session, uint8_t scancode);			// a key, down and up
