/*
 * The client without a graphics channel: bitmap updates in fast-path PDUs ([MS-RDPBCGR] 2.2.9.1.2.1.2), and surface commands
 * (2.2.9.1.2.1.10) with RemoteFX where it knows that. A slice is a row of records of struct kg_view_bitmap, or struct
 * kg_view_surface; a hostile desktop wrote them, and may go on writing while they are read.
 */
#pragma once

#include "base/base.h"

struct kg_session;

struct kg_view_open;

struct kg_legacy {
	struct kg_session *session;
	uint32_t frames;	// numbers of frame markers
};

void kg_legacy_init(struct kg_legacy *legacy, struct kg_session *session);

/* What the desktop must know of this client: what one update holds, and RemoteFX. Known once the client is active. */
void kg_legacy_open(const struct kg_legacy *legacy, struct kg_view_open *open);
bool kg_legacy_has_remotefx(const struct kg_legacy *legacy);

/* The desktop has this size: where the client's is another, it is told and nothing is drawn until it is active again. */
int kg_legacy_resize(struct kg_legacy *legacy, uint16_t width, uint16_t height);

/* Draws a slice of bitmaps, or of surfaces. -EPROTO: it is malformed; -EPIPE: the client is lost. */
int kg_legacy_write(struct kg_legacy *legacy, const uint8_t *slice, size_t size);
int kg_legacy_write_surfaces(struct kg_legacy *legacy, const uint8_t *slice, size_t size);
