/* For session.c: FreeRDP's decoders at work, counted and timed. */
#pragma once

#include <freerdp/client/rdpgfx.h>

struct kg_connection;
struct kg_session;

/* The connection draws into its gdi from now on: shown is called when a frame is complete there. */
void kg_decoding_watch(struct kg_session *session, void (*shown)(struct kg_session *session));

/* Events of the connection. */
void kg_decoding_pipeline(struct kg_connection *connection, RdpgfxClientContext *pipeline);
void kg_decoding_begin(struct kg_connection *connection, size_t size);
void kg_decoding_end(struct kg_connection *connection);

/* What happens in between is not the decoders' time. */
void kg_decoding_pause(struct kg_session *session);
void kg_decoding_resume(struct kg_session *session);
