/*
 * All sessions: spares that wait for a connection, connections that wait for a spare, and those that run. Two spares are kept,
 * so that a connection costs no start of a program.
 */
#pragma once

#include "server/broker/session.h"

#define KG_SPARES 2

struct kg_sessions;

/* parts: what there is already of what all sessions share; cookies, user, callbacks and data are filled in here. */
int kg_sessions_new(struct kg_sessions **ret, const struct kg_session_context *parts);
void kg_sessions_free(struct kg_sessions *sessions);

/* Starts the spares. first_spare is called once: with the first that is ready, or with NULL when none gets ready. */
void kg_sessions_start(struct kg_sessions *sessions, void (*first_spare)(void *data, struct kg_session *spare), void *data);

/* A client that the limits have admitted as a handshake. Takes fd. */
void kg_sessions_connect(struct kg_sessions *sessions, int fd, const struct kg_peer *peer);

/* kagamid ends: clients are told, spares killed, nothing is started any more. */
void kg_sessions_end(struct kg_sessions *sessions);

/* Ends those that show the desktop. */
void kg_sessions_end_desktop(struct kg_sessions *sessions, const struct kg_desktop *desktop, enum kg_end_reason reason);

/* Ends one by its id. False when there is none. */
bool kg_sessions_kick(struct kg_sessions *sessions, const struct kg_id *id);

struct kg_session *kg_sessions_next(struct kg_sessions *sessions, struct kg_session *session);	// NULL: the first
size_t kg_sessions_spares(const struct kg_sessions *sessions);	// that are ready
uint32_t kg_sessions_freerdp(const struct kg_sessions *sessions);	// version, 0: not known yet
