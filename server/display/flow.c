/* When a frame may be planned. */
#include "server/display/flow.h"

#include "base/limits.h"

#define DEPTH_SUSPEND 0xffffffff	// SUSPEND_FRAME_ACKNOWLEDGEMENT

/* Frame numbers wrap after 2^32 - 1; distances between those that are in use are small. */
static uint32_t after(uint32_t frame)
{
	return frame + 1 ? frame + 1 : 1;
}

void kg_flow_reset(struct kg_flow *flow)
{
	flow->acknowledged = flow->sent;
	flow->first = after(flow->sent);
	flow->unacknowledging = false;
}

uint32_t kg_flow_next(const struct kg_flow *flow)
{
	return after(flow->sent);
}

void kg_flow_sent(struct kg_flow *flow)
{
	flow->sent = after(flow->sent);
	if (flow->unacknowledging)
		flow->acknowledged = flow->sent;
}

int kg_flow_acknowledged(struct kg_flow *flow, uint32_t frame, uint32_t queue_depth)
{
	if ((int32_t)(flow->sent - frame) < 0)
		return -EPROTO;
	if (queue_depth == DEPTH_SUSPEND) {
		flow->unacknowledging = true;
		flow->acknowledged = flow->sent;
		return 0;
	}
	if (flow->unacknowledging) {
		/* What came before the reset is not waited for, whichever frame the client names. */
		flow->unacknowledging = false;
		flow->acknowledged = (int32_t)(frame - flow->first) < 0 ? flow->first - 1 : frame;
	} else if ((int32_t)(frame - flow->acknowledged) > 0) {
		flow->acknowledged = frame;
	}
	return 0;
}

void kg_flow_suppress(struct kg_flow *flow, bool on)
{
	flow->suppressed = on;
}

bool kg_flow_may_plan(const struct kg_flow *flow, bool ring_read)
{
	bool shown = flow->sent != 0 && (int32_t)(flow->sent - flow->first) >= 0;

	if (!ring_read || (flow->suppressed && shown))
		return false;
	return flow->sent - flow->acknowledged < KG_FRAMES_UNACKNOWLEDGED_MAX;
}
