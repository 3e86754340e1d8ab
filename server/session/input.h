/* What the client's user does: FreeRDP's input events become messages of the view. And the lock keys' lights, back. */
#pragma once

#include "base/base.h"

struct kg_session;

/* Sets every callback: one that is not set ends the connection in FreeRDP. */
void kg_session_input_init(struct kg_session *session);

/* The lights of the lock keys, bits of enum kg_lock. Sent at once; 0 or -EPIPE. */
int kg_session_input_leds(struct kg_session *session, uint32_t locks);
