/* FreeRDP's peer: how it is set up, and what it calls. */
#pragma once

#include "base/base.h"

struct kg_session;

/*
 * Makes the whole peer on the descriptor KG_SESSION_TCP_FD, which is a placeholder then, and FreeRDP's manager of virtual
 * channels. Nearly all that FreeRDP reads from files and allocates once is behind us afterwards: this is what comes before
 * the lock. certificate and key are PEM texts.
 */
int kg_peer_init(struct kg_session *session, const char *certificate, const char *key);
void kg_peer_done(struct kg_session *session);

/* Tells the client why the connection ends, as far as it can be told. */
void kg_peer_say_goodbye(struct kg_session *session);
