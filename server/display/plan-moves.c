/* What has moved on the screen is moved by the client itself: scrolls, and windows that are dragged. */
#include "server/display/plan-impl.h"

void kg_plan_find_moves(struct kg_plan *plan)
{
	const struct kg_mirror *mirror = plan->mirror;
	const struct kg_motion motion = {
		.dsp = plan->dsp,
		.image = plan->image,
		.mirror = mirror->pixels,
		.mirror_stride = mirror->stride,
		.damage = plan->damages,
		.known = mirror->states,
	};

	_Static_assert(KG_TILE_UNKNOWN == 0, "known is a byte that is not 0");
	for (size_t i = 0; i < plan->tile_count; i++)
		plan->damages[i] = plan->touched[i] ? (struct kg_damage){ UINT64_MAX, UINT64_MAX } : (struct kg_damage){ 0 };
	plan->copy_count = kg_motion_find(&motion, plan->motion_scratch, plan->copies);
}

/* Where something comes to lie is looked at, too: not every pixel of it need be right. */
void kg_plan_move(struct kg_plan *plan)
{
	for (uint32_t i = 0; i < plan->copy_count; i++) {
		struct kg_rect to = kg_copy_to(&plan->copies[i]);

		kg_mirror_move(plan->mirror, plan->copies[i].from, to.left, to.top, plan->now_ms);
		kg_plan_touch(plan, to);
	}
}
