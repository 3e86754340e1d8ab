/*
 * The client without a graphics channel: bitmap updates in fast-path PDUs ([MS-RDPBCGR] 2.2.9.1.2.1.2). A slice is a row of
 * records of struct kg_view_bitmap; a hostile desktop wrote them, and may go on writing while they are read.
 */
#pragma once

#include "base/base.h"

struct kg_session;

struct kg_legacy {
	struct kg_session *session;
};

void kg_legacy_init(struct kg_legacy *legacy, struct kg_session *session);

/* What one update of this client holds, for the desktop. Known once the client is active. */
uint32_t kg_legacy_size_max(const struct kg_legacy *legacy);

/* The desktop has this size: where the client's is another, it is told and nothing is drawn until it is active again. */
int kg_legacy_resize(struct kg_legacy *legacy, uint16_t width, uint16_t height);

/* Draws a slice. -EPROTO: it is malformed; -EPIPE: the client is lost. */
int kg_legacy_write(struct kg_legacy *legacy, const uint8_t *slice, size_t size);
