/*
 * When a frame may be planned: as late as possible, that is when all that was sent before is on its way to the client,
 * few frames are not acknowledged, and the client wants to see something. Pure.
 */
#pragma once

#include "base/base.h"

struct kg_flow {
	uint32_t sent;			// number of the last frame that was sent to its end
	uint32_t acknowledged;		// number of the last one that the client has decoded
	uint32_t first;			// first frame since the last reset
	bool unacknowledging;		// the client does not acknowledge any more ([MS-RDPEGFX] 2.2.2.13)
	bool suppressed;		// the client's window is not seen
};

/* Everything that was sent is forgotten: nothing of it will be acknowledged. Numbers go on. */
void kg_flow_reset(struct kg_flow *flow);

uint32_t kg_flow_next(const struct kg_flow *flow);	// the number of the next frame, never 0
void kg_flow_sent(struct kg_flow *flow);		// the next frame is sent to its end

/* -EPROTO for a frame that was never sent. Late acknowledgements of what was forgotten are fine. */
int kg_flow_acknowledged(struct kg_flow *flow, uint32_t frame, uint32_t queue_depth);

/* Holds back only after a first frame: clients suppress while they connect, and then must have one. */
void kg_flow_suppress(struct kg_flow *flow, bool on);

/* ring_read: all that was sent is read. */
bool kg_flow_may_plan(const struct kg_flow *flow, bool ring_read);
