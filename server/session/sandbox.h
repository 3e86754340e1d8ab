/* What a session may do: two lists of system calls, and the limits. */
#pragma once

#include "base/sandbox.h"
#include "server/control/session-messages.h"

/* Locks the process, warmed up, before it has a client. Returns the layers in force or a negative errno. */
int kg_session_lock(const struct kg_session_setup *setup);

/* Once the view runs: takes away what only the handshake needed. */
int kg_session_lock_more(void);
