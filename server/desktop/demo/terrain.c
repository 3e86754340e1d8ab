/*
 * Scene 1. The ground is a tree of squares around the camera, coarser with each doubling of the distance (CDLOD); all its
 * visible nodes are one instanced draw, nearest first. Water comes before it, then trees and, where nothing stands, the sky.
 */
#include "server/desktop/demo/terrain.h"

#include "server/desktop/demo/camera.h"
#include "server/desktop/demo/land.h"
#include "server/desktop/demo/shader.h"
#include "server/desktop/demo/terrain_shaders.h"

#include <math.h>

#define GRID 8				// steps of a node in each direction
#define WATER_GRID 4
#define LEVELS 5
#define LEVEL_END_M 300.0f		// of the finest; more than 4.4 times its nodes' side, see ground_vertex
#define NODES_MAX 1024
#define CONE_SIDES 5
#define CONE_CORNERS (2 * CONE_SIDES * 3)
#define WOOD_CELLS 32
#define WOODS (KG_LAND_CELLS / WOOD_CELLS)
#define WOOD_M (WOOD_CELLS * KG_LAND_CELL_M)

struct node {				// as the shaders take it
	float x, z, step, end;
};

struct grid {
	GLuint array, corners, indices;
	GLsizei count;			// of indices
};

struct nodes {
	struct node list[NODES_MAX];
	size_t count;
};

enum { GROUND, TREE, WATER, SKY, PROGRAMS };

struct program {
	GLuint id;
	GLint matrix, camera, square, right, up, forward;
};

struct kg_terrain {
	struct kg_land *land;
	struct program programs[PROGRAMS];
	GLuint heights, colours, detail, clouds;
	struct grid ground, water;
	GLuint nodes, cone, trees, tree_array, sky_array;
	struct kg_camera camera;
	struct nodes land_nodes, water_nodes;		// what the picture shows, nearest first
};

static const struct {
	const char *name, *vertex, *fragment;
} sources[PROGRAMS] = {
	[GROUND] = { "ground", ground_vertex, ground_fragment },
	[TREE] = { "tree", tree_vertex, tree_fragment },
	[WATER] = { "water", water_vertex, water_fragment },
	[SKY] = { "sky", sky_vertex, sky_fragment },
};

static int make_programs(struct kg_terrain *terrain)
{
	static const char *const samplers[] = { "heights", "colours", "detail", "clouds" };	// their texture units
	const float length = sqrtf(KG_LAND_SUN_X * KG_LAND_SUN_X + KG_LAND_SUN_Y * KG_LAND_SUN_Y +
				   KG_LAND_SUN_Z * KG_LAND_SUN_Z);
	int r;

	for (size_t i = 0; i < PROGRAMS; i++) {
		struct program *program = &terrain->programs[i];

		r = kg_shader_program(&program->id, sources[i].name, sources[i].vertex, sources[i].fragment);
		if (r < 0)
			return r;
		program->matrix = glGetUniformLocation(program->id, "matrix");
		program->camera = glGetUniformLocation(program->id, "camera");
		program->square = glGetUniformLocation(program->id, "square");
		program->right = glGetUniformLocation(program->id, "right");
		program->up = glGetUniformLocation(program->id, "up");
		program->forward = glGetUniformLocation(program->id, "forward");
		glUseProgram(program->id);
		for (GLint k = 0; k < (GLint)KG_ARRAY_SIZE(samplers); k++)
			glUniform1i(glGetUniformLocation(program->id, samplers[k]), k);
		glUniform3f(glGetUniformLocation(program->id, "sun"), KG_LAND_SUN_X / length, KG_LAND_SUN_Y / length,
			    KG_LAND_SUN_Z / length);
	}
	return 0;
}

static void make_textures(struct kg_terrain *terrain)
{
	const struct kg_land *land = terrain->land;

	glGenTextures(1, &terrain->heights);
	glBindTexture(GL_TEXTURE_2D, terrain->heights);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_R32F, KG_LAND_CELLS, KG_LAND_CELLS, 0, GL_RED, GL_FLOAT, land->heights);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);	// floats cannot be filtered
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	terrain->colours = kg_shader_texture(KG_LAND_COLOURS, KG_LAND_COLOURS, 4, true, land->colours);
	terrain->detail = kg_shader_texture(KG_LAND_DETAIL, KG_LAND_DETAIL, 4, true, land->detail);
	terrain->clouds = kg_shader_texture(KG_LAND_CLOUDS, KG_LAND_CLOUDS, 1, true, land->clouds);
}

static GLuint make_buffer(GLenum target, size_t size, const void *data, GLenum usage)
{
	GLuint buffer = 0;

	glGenBuffers(1, &buffer);
	glBindBuffer(target, buffer);
	glBufferData(target, (GLsizeiptr)size, data, usage);
	return buffer;
}

/* A square of steps x steps squares, drawn once for each entry of the buffer of nodes. */
static void make_grid(struct grid *grid, GLuint nodes, int steps)
{
	float corners[(GRID + 1) * (GRID + 1)][2];
	uint16_t indices[GRID * GRID * 6];

	for (int i = 0; i < (steps + 1) * (steps + 1); i++) {
		corners[i][0] = (float)(i % (steps + 1));
		corners[i][1] = (float)(i / (steps + 1));
	}
	grid->count = 0;
	for (int i = 0; i < steps * steps; i++) {
		uint16_t a = (uint16_t)(i / steps * (steps + 1) + i % steps), b = (uint16_t)(a + steps + 1);
		uint16_t two[] = { a, b, (uint16_t)(a + 1), (uint16_t)(a + 1), b, (uint16_t)(b + 1) };

		memcpy(indices + grid->count, two, sizeof(two));
		grid->count += (GLsizei)KG_ARRAY_SIZE(two);
	}
	glGenVertexArrays(1, &grid->array);
	glBindVertexArray(grid->array);
	grid->corners = make_buffer(GL_ARRAY_BUFFER, sizeof(corners), corners, GL_STATIC_DRAW);
	glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 0, NULL);
	grid->indices = make_buffer(GL_ELEMENT_ARRAY_BUFFER, sizeof(indices), indices, GL_STATIC_DRAW);
	glBindBuffer(GL_ARRAY_BUFFER, nodes);
	glVertexAttribPointer(1, 4, GL_FLOAT, GL_FALSE, sizeof(struct node), NULL);
	glVertexAttribDivisor(1, 1);
	glEnableVertexAttribArray(0);
	glEnableVertexAttribArray(1);
}

/* A conifer of height 1: two cones, one on the other, each side as bright as it faces the sun. */
static void make_trees(struct kg_terrain *terrain)
{
	static const float tiers[2][3] = { { 0.06f, 0.72f, 0.27f }, { 0.40f, 1.0f, 0.18f } };	// foot, tip, radius
	float cone[CONE_CORNERS][4];
	size_t n = 0;

	for (int tier = 0; tier < 2; tier++) {
		for (int i = 0; i < CONE_SIDES; i++) {
			float from = (float)(2 * M_PI) * (float)i / CONE_SIDES, to = from + (float)(2 * M_PI) / CONE_SIDES;
			float middle = (from + to) / 2, radius = tiers[tier][2];
			float bright = 0.85f + 0.40f * (cosf(middle) * KG_LAND_SUN_X + sinf(middle) * KG_LAND_SUN_Z);
			float corners[3][4] = {
				{ cosf(from) * radius, tiers[tier][0], sinf(from) * radius, bright * 0.62f },
				{ cosf(to) * radius, tiers[tier][0], sinf(to) * radius, bright * 0.62f },
				{ 0, tiers[tier][1], 0, bright * 1.25f },
			};

			memcpy(cone + n, corners, sizeof(corners));
			n += 3;
		}
	}
	glGenVertexArrays(1, &terrain->tree_array);
	glBindVertexArray(terrain->tree_array);
	terrain->cone = make_buffer(GL_ARRAY_BUFFER, sizeof(cone), cone, GL_STATIC_DRAW);
	glVertexAttribPointer(0, 4, GL_FLOAT, GL_FALSE, 0, NULL);
	terrain->trees = make_buffer(GL_ARRAY_BUFFER, terrain->land->tree_total * sizeof(struct kg_land_tree),
				     terrain->land->trees, GL_STATIC_DRAW);
	for (GLuint i = 0; i < 3; i++)
		glEnableVertexAttribArray(i);
	glVertexAttribDivisor(1, 1);
	glVertexAttribDivisor(2, 1);
}

int kg_terrain_new(struct kg_terrain **ret)
{
	struct kg_terrain *terrain = calloc(1, sizeof(*terrain));
	int r;

	if (!terrain)
		return -ENOMEM;
	r = kg_land_new(&terrain->land);
	if (r < 0)
		goto fail;
	r = make_programs(terrain);
	if (r < 0)
		goto fail;
	make_textures(terrain);
	terrain->nodes = make_buffer(GL_ARRAY_BUFFER, sizeof(struct node), NULL, GL_STREAM_DRAW);
	make_grid(&terrain->ground, terrain->nodes, GRID);
	make_grid(&terrain->water, terrain->nodes, WATER_GRID);
	make_trees(terrain);
	glGenVertexArrays(1, &terrain->sky_array);
	glBindVertexArray(0);
	*ret = terrain;
	return 0;

fail:
	kg_terrain_free(terrain);
	return r;
}

void kg_terrain_free(struct kg_terrain *terrain)
{
	if (!terrain)
		return;
	for (size_t i = 0; i < PROGRAMS; i++)
		glDeleteProgram(terrain->programs[i].id);
	glDeleteTextures(4, (GLuint[]){ terrain->heights, terrain->colours, terrain->detail, terrain->clouds });
	glDeleteBuffers(7, (GLuint[]){ terrain->ground.corners, terrain->ground.indices, terrain->water.corners,
				       terrain->water.indices, terrain->nodes, terrain->cone, terrain->trees });
	glDeleteVertexArrays(4, (GLuint[]){ terrain->ground.array, terrain->water.array, terrain->tree_array,
					    terrain->sky_array });
	kg_land_free(terrain->land);
	free(terrain);
}

/* The way from the camera to the nearest point of a square on the map, in metres. */
static float map_distance(const struct kg_camera *camera, float x, float z, float side)
{
	float dx = fabsf(x + side / 2 - camera->x) - side / 2, dz = fabsf(z + side / 2 - camera->z) - side / 2;

	return hypotf(KG_MAX(dx, 0.0f), KG_MAX(dz, 0.0f));
}

static void bounds(const struct kg_land *land, int32_t x, int32_t z, int32_t cells, float *low, float *high)
{
	const int32_t block = KG_LAND_CELLS / KG_LAND_BLOCKS;

	*low = 1e9f;
	*high = -1e9f;
	for (int32_t j = z / block; j < (z + cells) / block; j++) {
		for (int32_t i = x / block; i < (x + cells) / block; i++) {
			*low = KG_MIN(*low, land->lowest[j & (KG_LAND_BLOCKS - 1)][i & (KG_LAND_BLOCKS - 1)]);
			*high = KG_MAX(*high, land->highest[j & (KG_LAND_BLOCKS - 1)][i & (KG_LAND_BLOCKS - 1)]);
		}
	}
}

static void add_node(struct nodes *nodes, int32_t x, int32_t z, float step, float end)
{
	if (nodes->count < NODES_MAX)
		nodes->list[nodes->count++] = (struct node){ (float)x, (float)z, step, end };
}

/* Whether land between low and high and the water above it can be seen. x, z and cells say where. */
static bool sees(const struct kg_camera *camera, int32_t x, int32_t z, int32_t cells, float low, float high)
{
	const float half = (float)(cells * KG_LAND_CELL_M) / 2;
	const float centre[] = { (float)(x * KG_LAND_CELL_M) + half - camera->x, (low + high) / 2 - camera->y,
				 (float)(z * KG_LAND_CELL_M) + half - camera->z };

	return kg_camera_sees(camera, centre, (float[]){ half, (high - low) / 2, half });
}

/* Water in small squares: what of it lies under land would be shaded for nothing. */
static void visit_water(struct kg_terrain *terrain, int32_t x, int32_t z, int32_t cells)
{
	const float side = (float)(cells * KG_LAND_CELL_M);
	float distance = map_distance(&terrain->camera, (float)(x * KG_LAND_CELL_M), (float)(z * KG_LAND_CELL_M), side);
	float low, high;

	bounds(terrain->land, x, z, cells, &low, &high);
	if (low >= 0 || !sees(&terrain->camera, x, z, cells, 0, 0))
		return;
	if (cells > 2 * WATER_GRID && (high > 0 || distance < side) && side > distance * 0.12f)
		for (int32_t k = 0; k < 4; k++)
			visit_water(terrain, x + k % 2 * cells / 2, z + k / 2 * cells / 2, cells / 2);
	else
		add_node(&terrain->water_nodes, x, z, (float)cells / WATER_GRID, 0);
}

/* Adds the node at x, z (cells) or, where the camera is near, its four children. */
static void visit(struct kg_terrain *terrain, int32_t x, int32_t z, int level)
{
	const struct kg_camera *camera = &terrain->camera;
	const int32_t cells = GRID << level;
	float distance = map_distance(camera, (float)(x * KG_LAND_CELL_M), (float)(z * KG_LAND_CELL_M),
				      (float)(cells * KG_LAND_CELL_M));
	float low, high;

	if (distance > VIEW_M)
		return;
	bounds(terrain->land, x, z, cells, &low, &high);
	if (!sees(camera, x, z, cells, KG_MIN(low, 0.0f), KG_MAX(high, 0.0f)))
		return;
	if (level && distance < ldexpf(LEVEL_END_M, level - 1)) {
		for (int32_t k = 0; k < 4; k++)
			visit(terrain, x + k % 2 * cells / 2, z + k / 2 * cells / 2, level - 1);
		return;
	}
	if (high > -1)		// the water is not clear enough to see deeper beds
		add_node(&terrain->land_nodes, x, z, (float)(1 << level), ldexpf(LEVEL_END_M, level));
	visit_water(terrain, x, z, cells);
}

static void find_nodes(struct kg_terrain *terrain)
{
	const int32_t cells = GRID << (LEVELS - 1), reach = VIEW_M / (cells * KG_LAND_CELL_M) + 1;
	int32_t x = (int32_t)floorf(terrain->camera.x / KG_LAND_CELL_M) / cells;
	int32_t z = (int32_t)floorf(terrain->camera.z / KG_LAND_CELL_M) / cells;

	terrain->land_nodes.count = terrain->water_nodes.count = 0;
	for (int32_t ring = 0; ring <= reach; ring++) {		// nearest first: what is hidden behind costs little
		for (int32_t j = -ring; j <= ring; j++) {
			int32_t step = abs(j) == ring || !ring ? 1 : 2 * ring;

			for (int32_t i = -ring; i <= ring; i += step)
				visit(terrain, (x + i) * cells, (z + j) * cells, LEVELS - 1);
		}
	}
}

static const struct program *use(const struct kg_terrain *terrain, int which, uint64_t frame)
{
	const struct program *program = &terrain->programs[which];
	const struct kg_camera *camera = &terrain->camera;

	glUseProgram(program->id);
	glUniformMatrix4fv(program->matrix, 1, GL_FALSE, camera->matrix);
	/* Seconds, modulo 1000 and so that floats keep their steps: everything that moves by them repeats in it. */
	glUniform4f(program->camera, camera->x, camera->y, camera->z, (float)(frame % 60000) / 60);
	return program;
}

static void draw_nodes(const struct kg_terrain *terrain, const struct grid *grid, const struct nodes *nodes)
{
	if (!nodes->count)
		return;
	glBindVertexArray(grid->array);
	glBindBuffer(GL_ARRAY_BUFFER, terrain->nodes);
	glBufferData(GL_ARRAY_BUFFER, (GLsizeiptr)(nodes->count * sizeof(*nodes->list)), nodes->list, GL_STREAM_DRAW);
	glDrawElementsInstanced(GL_TRIANGLES, grid->count, GL_UNSIGNED_SHORT, NULL, (GLsizei)nodes->count);
}

static void draw_wood(const struct kg_terrain *terrain, const struct program *program, int32_t x, int32_t z)
{
	const struct kg_land *land = terrain->land;
	const struct kg_camera *camera = &terrain->camera;
	const int32_t i = x & (WOODS - 1), j = z & (WOODS - 1);
	const size_t first = land->tree_first[j][i] * sizeof(struct kg_land_tree);
	const float left = (float)(x * WOOD_M), top = (float)(z * WOOD_M);

	if (!land->tree_count[j][i] || map_distance(camera, left, top, WOOD_M) > TREES_END_M ||
	    !kg_camera_sees(camera,
			    (float[]){ left + WOOD_M / 2 - camera->x, 120 - camera->y, top + WOOD_M / 2 - camera->z },
			    (float[]){ WOOD_M / 2, 120, WOOD_M / 2 }))
		return;
	glUniform2f(program->square, (float)((x - i) * WOOD_M), (float)((z - j) * WOOD_M));
	glVertexAttribPointer(1, 4, GL_FLOAT, GL_FALSE, sizeof(struct kg_land_tree), (void *)first);
	glVertexAttribPointer(2, 4, GL_UNSIGNED_BYTE, GL_TRUE, sizeof(struct kg_land_tree),
			      (void *)(first + offsetof(struct kg_land_tree, colour)));
	glDrawArraysInstanced(GL_TRIANGLES, 0, CONE_CORNERS, (GLsizei)land->tree_count[j][i]);
}

static void draw_trees(struct kg_terrain *terrain, uint64_t frame)
{
	const struct program *program = use(terrain, TREE, frame);
	int32_t x = (int32_t)floorf(terrain->camera.x / WOOD_M), z = (int32_t)floorf(terrain->camera.z / WOOD_M);
	int32_t reach = TREES_END_M / WOOD_M + 1;

	glBindVertexArray(terrain->tree_array);
	glBindBuffer(GL_ARRAY_BUFFER, terrain->trees);
	for (int32_t j = -reach; j <= reach; j++)
		for (int32_t i = -reach; i <= reach; i++)
			draw_wood(terrain, program, x + i, z + j);
}

static void draw_sky(const struct kg_terrain *terrain, uint64_t frame)
{
	const struct program *program = use(terrain, SKY, frame);
	const struct kg_camera *camera = &terrain->camera;

	glUniform3f(program->right, camera->right[0] * camera->tan_x, camera->right[1] * camera->tan_x,
		    camera->right[2] * camera->tan_x);
	glUniform3f(program->up, camera->up[0] * camera->tan_y, camera->up[1] * camera->tan_y, camera->up[2] * camera->tan_y);
	glUniform3fv(program->forward, 1, camera->forward);
	glBindVertexArray(terrain->sky_array);
	glDrawArrays(GL_TRIANGLES, 0, 3);
}

void kg_terrain_draw(struct kg_terrain *terrain, uint64_t frame, const struct kg_look *look, uint32_t width,
		     uint32_t height)
{
	const GLuint textures[] = { terrain->heights, terrain->colours, terrain->detail, terrain->clouds };

	kg_camera_at(&terrain->camera, terrain->land, frame, look, (float)width / (float)height);
	for (GLenum i = 0; i < KG_ARRAY_SIZE(textures); i++) {
		glActiveTexture(GL_TEXTURE0 + i);
		glBindTexture(GL_TEXTURE_2D, textures[i]);
	}
	glDisable(GL_BLEND);
	glFrontFace(GL_CW);		// counter-clockwise, upside down
	glEnable(GL_DEPTH_TEST);
	glDepthFunc(GL_LEQUAL);
	glClear(GL_DEPTH_BUFFER_BIT);
	find_nodes(terrain);
	use(terrain, WATER, frame);
	draw_nodes(terrain, &terrain->water, &terrain->water_nodes);
	glEnable(GL_CULL_FACE);
	use(terrain, GROUND, frame);
	draw_nodes(terrain, &terrain->ground, &terrain->land_nodes);
	glDisable(GL_CULL_FACE);
	draw_trees(terrain, frame);
	draw_sky(terrain, frame);
	glBindVertexArray(0);
}
