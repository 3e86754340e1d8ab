/*
 * office-mix: five minutes at a desk, again and again: somebody writes in the left half of the screen, reads in the
 * right half, has a film in a window, drags a window about, or does nothing. The script is below, and in
 * doc/workloads.md.
 */
#include "bench/workload/workload_impl.h"

#define FPS 30

enum doing { RESTS, WRITES, READS, WATCHES, DRAGS };

/* One after the other. rate: letters a second; pixels a second; frames a second. */
static const struct scene {
	uint32_t seconds;
	enum doing doing;
	uint32_t rate;
} scenes[] = {
	{ 25, WRITES, 6 },   { 8, RESTS, 0 },	 { 15, READS, 300 }, { 12, RESTS, 0 },	  { 30, WRITES, 7 },
	{ 6, DRAGS, 60 },    { 10, READS, 900 }, { 15, RESTS, 0 },   { 40, WATCHES, 24 }, { 20, WRITES, 5 },
	{ 20, RESTS, 0 },    { 12, READS, 150 }, { 35, WRITES, 8 },  { 4, DRAGS, 60 },	  { 18, RESTS, 0 },
	{ 20, WATCHES, 24 }, { 10, READS, 600 },
};

#define SECONDS 300			// the sum

/* What the screen shows at a frame: how far each has come, and which is going on. */
struct state {
	enum doing doing;
	uint32_t done[DRAGS + 1];
};

struct office_mix {
	struct kg_workload workload;
	struct kg_workload *letters, *page, *film, *drag;
};

static int office_mix_init(struct kg_workload *workload)
{
	struct office_mix *mix = kg_container_of(workload, struct office_mix, workload);
	uint32_t width = (uint32_t)workload->canvas.width, height = (uint32_t)workload->canvas.height, half = width / 2;
	int r = kg_workload_part(workload, &mix->letters, &kg_workload_letters, 0, 0, half, height);

	if (r == 0)
		r = kg_workload_part(workload, &mix->page, &kg_workload_page, half, 0, width - half, height);
	if (r == 0)	/* in the right half, an eighth of the screen */
		r = kg_workload_part(workload, &mix->film, &kg_workload_video, half + width / 16, height / 3,
				     width * 3 / 8, height / 3);
	if (r == 0)
		r = kg_workload_part(workload, &mix->drag, &kg_workload_window_drag, 0, 0, width, height);
	return r;
}

static struct state state_at(uint32_t number)
{
	struct state state = { .doing = RESTS };
	uint32_t rounds = number / (SECONDS * FPS), left = number % (SECONDS * FPS);
	bool found = false;

	for (size_t i = 0; i < KG_ARRAY_SIZE(scenes); i++) {
		const struct scene *scene = &scenes[i];
		uint32_t frames = scene->seconds * FPS, spent = found ? 0 : KG_MIN(left, frames);

		state.done[scene->doing] += rounds * (scene->seconds * scene->rate) + spent * scene->rate / FPS;
		if (!found && left < frames) {
			state.doing = scene->doing;
			found = true;
		}
		left -= spent;
	}
	return state;
}

/* The two halves, and the film before the right one while it is watched. */
static void draw_desk(struct office_mix *mix, const struct state *before, const struct state *now)
{
	bool covered = before && before->doing == WATCHES, watches = now->doing == WATCHES;

	if (covered && (!watches || before->done[READS] != now->done[READS])) {
		kg_workload_cover(mix->page);
		kg_workload_cover(mix->film);
	}
	if (!covered && watches)
		kg_workload_cover(mix->film);
	kg_workload_draw_part(&mix->workload, mix->letters, now->done[WRITES]);
	kg_workload_draw_part(&mix->workload, mix->page, now->done[READS]);
	if (watches)
		kg_workload_draw_part(&mix->workload, mix->film, now->done[WATCHES]);
}

static void office_mix_draw(struct kg_workload *workload, uint32_t number)
{
	struct office_mix *mix = kg_container_of(workload, struct office_mix, workload);
	struct state last = state_at(workload->number), now = state_at(number);
	const struct state *before = workload->drawn ? &last : NULL;

	if (!before || (before->doing == DRAGS) != (now.doing == DRAGS)) {
		kg_workload_cover(mix->letters);
		kg_workload_cover(mix->page);
		kg_workload_cover(mix->film);
		kg_workload_cover(mix->drag);
		before = NULL;
	}
	if (now.doing == DRAGS)
		kg_workload_draw_part(workload, mix->drag, now.done[DRAGS]);
	else
		draw_desk(mix, before, &now);
	workload->cursor = now.doing == WRITES || now.doing == READS ? KG_WORKLOAD_BEAM : KG_WORKLOAD_ARROW;
}

static void office_mix_done(struct kg_workload *workload)
{
	struct office_mix *mix = kg_container_of(workload, struct office_mix, workload);

	kg_workload_free(mix->letters);
	kg_workload_free(mix->page);
	kg_workload_free(mix->film);
	kg_workload_free(mix->drag);
}

static const struct kg_workload_impl office_mix_impl = {
	.size = sizeof(struct office_mix),
	.init = office_mix_init,
	.draw = office_mix_draw,
	.done = office_mix_done,
};

const struct kg_workload_kind kg_workload_office_mix = {
	.name = "office-mix",
	.what = "five minutes of writing, reading, a film, windows dragged, and rest",
	.fps = FPS,
	.frames = SECONDS * FPS,
	.impl = &office_mix_impl,
};
