/*
 * assembly: a program for design: a bar, a list of parts, and a machine of gears, shafts and plates over a grid of
 * lines, flat shaded with thin dark edges, that is turned for three seconds and then looked at for one.
 */
#include "bench/workload/page.h"
#include "bench/workload/shapes.h"
#include "bench/workload/workload_impl.h"

#define ROUND 120			// frames
#define TURNING 90			// of these it turns
#define STEP 3				// 1/1024 of a turn a frame
#define PITCH 110			// the view from above, likewise
#define PARTS 44
#define CORNERS_MAX KG_POLYGON_MAX
#define DISTANCE 3600			// from the viewer to the middle; lengths of the model are about 1000
#define GRID 20				// lines in each direction
#define GRID_STEP 120
#define FLOOR 620

struct vector {
	int32_t x, y, z;
};

/* A plate of any outline, across one of three axes. */
struct part {
	uint32_t corners;
	int32_t outline[CORNERS_MAX][2];
	int32_t thickness;		// half of it
	uint32_t axis;			// 0: looks at us, 1: sideways, 2: up
	int32_t spin;			// turns about its axis by this times the angle of the view
	struct vector at;
	uint32_t colour;
};

struct assembly {
	struct kg_workload workload;
	struct kg_page page;
	struct kg_rect view;		// where the machine is
	struct kg_rect drawn;		// where something of it was drawn last
	struct part parts[PARTS];
};

/* How the model is turned at a frame. */
struct turn {
	int32_t angle, sine, cosine, pitch_sine, pitch_cosine;
};

static void make_gear(struct part *part, int32_t teeth, int32_t radius)
{
	part->corners = (uint32_t)teeth * 4;
	for (int32_t i = 0; i < teeth * 4; i++) {
		int32_t angle = i * 1024 / (teeth * 4), length = i % 4 < 2 ? radius : radius - radius / 6 - 8;

		part->outline[i][0] = length * kg_sine(angle + 256) / 4096;
		part->outline[i][1] = length * kg_sine(angle) / 4096;
	}
}

static void make_round(struct part *part, int32_t corners, int32_t radius)
{
	part->corners = (uint32_t)corners;
	for (int32_t i = 0; i < corners; i++) {
		part->outline[i][0] = radius * kg_sine(i * 1024 / corners + 256) / 4096;
		part->outline[i][1] = radius * kg_sine(i * 1024 / corners) / 4096;
	}
}

static void make_plate(struct part *part, int32_t half_width, int32_t half_height)
{
	const int32_t corners[4][2] = { { half_width, half_height },
					{ -half_width, half_height },
					{ -half_width, -half_height },
					{ half_width, -half_height } };

	part->corners = 4;
	memcpy(part->outline, corners, sizeof(corners));
}

static void make_part(struct part *part, uint32_t seed, uint32_t i)
{
	static const uint32_t colours[] = { 0x9aa7b5, 0xc8a25a, 0x6f8fb0, 0xb0b8bf, 0xb5655a, 0x7d9a78 };
	uint32_t kind = kg_hash(seed, i, 1) % 5;
	int32_t size = kg_hash_range(seed, i, 2, 90, 300);

	part->thickness = kg_hash_range(seed, i, 3, 14, 60);
	if (kind < 2) {
		make_gear(part, kg_hash_range(seed, i, 4, 9, CORNERS_MAX / 4), size);
	} else if (kind < 4) {
		make_round(part, kg_hash_range(seed, i, 4, 6, 32), kind == 2 ? size / 4 + 10 : size);
		part->thickness = kind == 2 ? size : part->thickness;	// a shaft, or a disc
	} else {
		make_plate(part, size, kg_hash_range(seed, i, 5, 60, 260));
	}
	part->axis = kg_hash(seed, i, 6) % 3;
	part->spin = kind == 4 ? 0 : kg_hash_range(seed, i, 7, -3, 3);
	part->at = (struct vector){ kg_hash_range(seed, i, 8, -900, 900), kg_hash_range(seed, i, 9, -520, 480),
				    kg_hash_range(seed, i, 10, -900, 900) };
	part->colour = colours[kg_hash(seed, i, 11) % KG_ARRAY_SIZE(colours)];
}

static int assembly_init(struct kg_workload *workload)
{
	struct assembly *assembly = kg_container_of(workload, struct assembly, workload);
	const struct kg_canvas *canvas = &workload->canvas;

	assembly->page = (struct kg_page){ .seed = workload->seed, .right = canvas->width };
	assembly->view = (struct kg_rect){ KG_MIN(KG_PAGE_LIST, canvas->width), KG_MIN(KG_PAGE_BAR, canvas->height),
					   canvas->width, canvas->height };
	for (uint32_t i = 0; i < PARTS; i++)
		make_part(&assembly->parts[i], workload->seed, i);
	return kg_letters_new(&assembly->page.letters, true);
}

static struct turn turn_at(uint32_t number)
{
	int32_t angle =
		(int32_t)((number / ROUND % 1024 * TURNING + KG_MIN(number % ROUND, (uint32_t)TURNING)) * STEP % 1024);

	return (struct turn){ angle, kg_sine(angle), kg_sine(angle + 256), kg_sine(PITCH), kg_sine(PITCH + 256) };
}

/* About the upright axis, then down towards the viewer. */
static struct vector turned(const struct turn *turn, struct vector v)
{
	int32_t x = (v.x * turn->cosine - v.z * turn->sine) / 4096, z = (v.x * turn->sine + v.z * turn->cosine) / 4096;

	return (struct vector){ x, (v.y * turn->pitch_cosine - z * turn->pitch_sine) / 4096,
				(v.y * turn->pitch_sine + z * turn->pitch_cosine) / 4096 };
}

/* From the part's own plane to the model's directions; off is along its axis. */
static struct vector placed(const struct part *part, const struct turn *turn, const int32_t xy[2], int32_t off)
{
	int32_t spin = part->spin * turn->angle, sine = kg_sine(spin), cosine = kg_sine(spin + 256);
	int32_t x = (xy[0] * cosine - xy[1] * sine) / 4096, y = (xy[0] * sine + xy[1] * cosine) / 4096;

	switch (part->axis) {
	case 0:
		return (struct vector){ x, y, off };
	case 1:
		return (struct vector){ off, x, y };
	default:
		return (struct vector){ y, off, x };
	}
}

static struct kg_point projected(const struct assembly *assembly, struct vector v)
{
	const struct kg_rect *view = &assembly->view;
	int64_t scale = (int64_t)KG_MAX(view->bottom - view->top, 1) * 16 * 3 / 2;	// of 1/16 pixels

	return (struct kg_point){ (view->left + view->right) * 8 + (int32_t)(v.x * scale / (v.z + DISTANCE)),
				  (view->top + view->bottom) * 8 + (int32_t)(v.y * scale / (v.z + DISTANCE)) };
}

static void note_points(struct assembly *assembly, const struct kg_point *points, uint32_t count)
{
	struct kg_rect *drawn = &assembly->drawn;

	for (uint32_t i = 0; i < count; i++) {
		drawn->left = KG_MIN(drawn->left, points[i].x / 16 - 2);
		drawn->top = KG_MIN(drawn->top, points[i].y / 16 - 2);
		drawn->right = KG_MAX(drawn->right, points[i].x / 16 + 3);
		drawn->bottom = KG_MAX(drawn->bottom, points[i].y / 16 + 3);
	}
}

/* A colour in the light that comes from the left, above and the viewer. The normal is 256 long. */
static uint32_t lit(uint32_t colour, struct vector normal)
{
	int32_t light = kg_clamp(170 + (-normal.x * 60 - normal.y * 90 - normal.z * 70) / 256, 60, 300), ret = 0;

	for (int k = 0; k < 3; k++)
		ret |= kg_clamp((int32_t)(colour >> 8 * k & 0xff) * light / 256, 0, 255) << 8 * k;
	return (uint32_t)ret;
}

/* Twice the area on the screen; positive: seen from the front. */
static int64_t area_of(const struct kg_point *points, uint32_t count)
{
	int64_t area = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct kg_point a = points[i], b = points[(i + 1) % count];

		area += (int64_t)a.x * b.y - (int64_t)b.x * a.y;
	}
	return area;
}

static void draw_edges(const struct kg_canvas *canvas, const struct kg_point *points, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		kg_shape_line(canvas, points[i], points[(i + 1) % count], 0x1c2126);
}

static void draw_part(struct assembly *assembly, const struct kg_canvas *canvas, const struct part *part,
		      const struct turn *turn)
{
	struct kg_point faces[2][CORNERS_MAX];
	struct vector axis = turned(turn, placed(part, turn, (const int32_t[2]){ 0, 0 }, 256));
	int front;

	for (uint32_t i = 0; i < part->corners; i++)
		for (int side = 0; side < 2; side++) {
			struct vector v =
				placed(part, turn, part->outline[i], side ? part->thickness : -part->thickness);

			v = (struct vector){ v.x + part->at.x, v.y + part->at.y, v.z + part->at.z };
			faces[side][i] = projected(assembly, turned(turn, v));
		}
	note_points(assembly, faces[0], part->corners);
	note_points(assembly, faces[1], part->corners);
	/* The faces have the same outline: seen from outside, one goes round to the left, the other to the right. */
	front = area_of(faces[0], part->corners) > 0 ? 0 : 1;
	for (uint32_t i = 0; i < part->corners; i++) {
		uint32_t next = (i + 1) % part->corners;
		struct kg_point side[4] = { faces[front][i], faces[1 - front][i], faces[1 - front][next],
					    faces[front][next] };
		int32_t middle[2] = { part->outline[next][1] - part->outline[i][1],
				      part->outline[i][0] - part->outline[next][0] };
		int32_t length = KG_MAX(
			(int32_t)kg_root((uint64_t)((int64_t)middle[0] * middle[0] + (int64_t)middle[1] * middle[1])),
			1);

		if (area_of(side, 4) <= 0)
			continue;
		middle[0] = middle[0] * 256 / length;
		middle[1] = middle[1] * 256 / length;
		kg_shape_polygon(canvas, side, 4, lit(part->colour, turned(turn, placed(part, turn, middle, 0))));
		draw_edges(canvas, side, 4);
	}
	if (front == 0)
		axis = (struct vector){ -axis.x, -axis.y, -axis.z };
	kg_shape_polygon(canvas, faces[front], part->corners, lit(part->colour, axis));
	draw_edges(canvas, faces[front], part->corners);
}

static void draw_grid(struct assembly *assembly, const struct kg_canvas *canvas, const struct turn *turn)
{
	int32_t reach = GRID / 2 * GRID_STEP;

	for (int32_t i = -GRID / 2; i <= GRID / 2; i++)
		for (int along = 0; along < 2; along++) {
			int32_t at = i * GRID_STEP;
			struct vector ends[2] = { { along ? at : -reach, FLOOR, along ? -reach : at },
						  { along ? at : reach, FLOOR, along ? reach : at } };
			struct kg_point line[2] = { projected(assembly, turned(turn, ends[0])),
						    projected(assembly, turned(turn, ends[1])) };

			kg_shape_line(canvas, line[0], line[1], i ? 0x8f99a4 : 0x50606e);
			note_points(assembly, line, 2);
		}
}

/* What is far first. */
static void draw_machine(struct assembly *assembly, const struct kg_canvas *canvas, const struct turn *turn)
{
	uint32_t order[PARTS];
	int32_t depths[PARTS];

	for (uint32_t i = 0; i < PARTS; i++) {
		int32_t depth = turned(turn, assembly->parts[i].at).z;
		uint32_t at = i;

		for (; at && depths[at - 1] < depth; at--) {
			depths[at] = depths[at - 1];
			order[at] = order[at - 1];
		}
		depths[at] = depth;
		order[at] = i;
	}
	for (uint32_t i = 0; i < PARTS; i++)
		draw_part(assembly, canvas, &assembly->parts[order[i]], turn);
}

static void assembly_draw(struct kg_workload *workload, uint32_t number)
{
	struct assembly *assembly = kg_container_of(workload, struct assembly, workload);
	struct kg_canvas canvas = workload->canvas;
	struct turn turn = turn_at(number), before = turn_at(workload->number);

	if (workload->drawn && turn.angle == before.angle)
		return;
	if (!workload->drawn) {
		kg_page_bar(&assembly->page, &canvas);
		kg_page_list(&assembly->page, &canvas);
	}
	kg_region_add(&workload->damage, kg_rect_intersect(assembly->drawn, assembly->view));
	assembly->drawn = (struct kg_rect){ INT32_MAX, INT32_MAX, INT32_MIN, INT32_MIN };
	canvas.left = assembly->view.left;
	canvas.top = assembly->view.top;
	for (int32_t y = canvas.top; y < canvas.bottom; y++) {
		uint32_t grey = 0xe4 - (uint32_t)((y - canvas.top) * 0x30 / canvas.height);

		kg_canvas_fill(&canvas, canvas.left, y, canvas.width, 1, grey << 16 | grey << 8 | (grey + 8));
	}
	draw_grid(assembly, &canvas, &turn);
	draw_machine(assembly, &canvas, &turn);
	kg_region_add(&workload->damage, kg_rect_intersect(assembly->drawn, assembly->view));
}

static void assembly_done(struct kg_workload *workload)
{
	kg_letters_free(kg_container_of(workload, struct assembly, workload)->page.letters);
}

static const struct kg_workload_impl assembly_impl = {
	.size = sizeof(struct assembly),
	.init = assembly_init,
	.draw = assembly_draw,
	.done = assembly_done,
};

const struct kg_workload_kind kg_workload_assembly = {
	.name = "assembly",
	.what = "a machine of many parts with thin edges, turned and looked at",
	.fps = 30,
	.frames = 4 * ROUND,
	.impl = &assembly_impl,
};
