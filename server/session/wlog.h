/* FreeRDP's log lines into ours: warnings and errors, a few per connection. */
#pragma once

#include "base/base.h"

/* Before anything else of FreeRDP: it would log to standard output. */
int kg_wlog_init(void);

/* While on, lines are dropped: where FreeRDP complains of what is meant to be so. */
void kg_wlog_mute(bool on);

/* More lines are shown from now on: the client is somebody. */
void kg_wlog_logged_in(void);
