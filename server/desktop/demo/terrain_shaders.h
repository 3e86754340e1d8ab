/*
 * The shaders of the terrain, for terrain.c only. Places are in metres from the camera; the land's maps repeat.
 */
#pragma once

#include "server/desktop/demo/land.h"

#define TREES_END_M 640			// metres; no tree is drawn further away
#define VIEW_M 3900			// where the air hides everything

#define TEXT_OF(x) #x
#define NUMBER(x) TEXT_OF(x)
#define NUMBERS                                                                                    \
	"#define CELLS " NUMBER(KG_LAND_CELLS) "\n"                                                \
	"#define CELL float(" NUMBER(KG_LAND_CELL_M) ")\n"                                         \
	"#define TREES_END float(" NUMBER(TREES_END_M) ")\n"                                       \
	"#define VIEW float(" NUMBER(VIEW_M) ")\n"

/* What the air adds at a direction, also the sky's colour at the horizon: what is far away melts into the sky behind it. */
#define AIR                                                                                        \
	"uniform vec3 sun;\n"                                                                      \
	"vec3 haze(vec3 way) {\n"                                                                  \
	"	float s = max(dot(way, sun) * 0.5 + 0.5, 0.0);\n"                                  \
	"	s *= s;\n"                                                                         \
	"	return mix(vec3(0.60, 0.71, 0.83), vec3(1.0, 0.86, 0.66), s * s * 0.85);\n"        \
	"}\n"                                                                                      \
	"vec3 sky(float up, vec3 haze) {\n"                                                        \
	"	vec3 high = mix(vec3(0.32, 0.55, 0.86), vec3(0.16, 0.36, 0.70), up);\n"            \
	"	float air = 1.0 - up;\n"                                                           \
	"	air *= air; air *= air;\n"                                                         \
	"	return mix(high, haze, air * air);\n"                                              \
	"}\n"                                                                                      \
	"float thickness(float distance, float height) {\n"                                        \
	"	float d = max(distance - 120.0, 0.0) * (0.00052 - 0.00000055 * clamp(height, 0.0, 400.0));\n" \
	"	return max(1.0 - exp(-d * (0.75 + 0.7 * d)), smoothstep(VIEW * 0.6, VIEW * 0.92, distance));\n" \
	"}\n"

#define CLOUD_SHADOW                                                                               \
	"uniform sampler2D clouds;\n"                                                              \
	"uniform vec4 camera;\n"	/* x, y, z; seconds */                                         \
	"float cloud_light(vec2 ground) {\n"                                                       \
	"	vec2 at = ground / 2048.0 + vec2(camera.w * 0.004, camera.w * 0.002);\n"           \
	"	return 1.0 - 0.42 * smoothstep(0.50, 0.66, textureLod(clouds, at, 1.0).r);\n"      \
	"}\n"

/*
 * Ground: one flat grid, drawn once for each node of the tree. Towards the edge of its level each second point slides
 * onto its neighbour: there it is the next coarser grid, and nothing cracks or pops. (A point that two levels share lies
 * beyond the finer one's end, where that has slid wholly, and before 0.82 of the coarser one's, which has not begun.)
 */
static const char ground_vertex[] =
	NUMBERS
	"layout(location = 0) in vec2 grid;\n"
	"layout(location = 1) in vec4 node;\n"		// corner's cells, cells a step, distance where the level ends
	"uniform mat4 matrix;\n"
	"uniform highp sampler2D heights;\n"
	CLOUD_SHADOW
	AIR
	"out vec2 map;\n"
	"out float light;\n"
	"out vec4 air;\n"
	"float height(vec2 cell) {\n"
	"	return texelFetch(heights, ivec2(cell) & (CELLS - 1), 0).r;\n"
	"}\n"
	"void main() {\n"
	"	vec2 cell = node.xy + grid * node.z;\n"
	"	vec2 odd = fract(grid * 0.5) * 2.0 * node.z;\n"
	"	float far = length(cell * CELL - camera.xz);\n"
	"	float slide = clamp((far / node.w - 0.82) / 0.15, 0.0, 1.0);\n"
	"	float y = height(cell) * (1.0 - slide) + height(cell - odd) * slide;\n"	// exact at both ends, so that levels meet
	"	cell -= odd * slide;\n"
	"	vec3 at = vec3(cell.x * CELL, y, cell.y * CELL) - camera.xyz;\n"
	"	float distance = length(at);\n"
	"	map = cell / float(CELLS);\n"
	"	light = cloud_light(cell * CELL);\n"
	"	air = vec4(haze(at / distance), thickness(distance, y));\n"
	"	gl_Position = matrix * vec4(at, 1.0);\n"
	"}\n";

static const char ground_fragment[] =
	"in vec2 map;\n"
	"in float light;\n"
	"in vec4 air;\n"
	"uniform sampler2D colours, detail;\n"
	"out vec4 pixel;\n"
	"void main() {\n"
	"	float grain = texture(detail, map * 61.0).r - 0.5;\n"
	"	vec3 c = texture(colours, map).rgb * (light + grain * 1.25 * light);\n"
	"	pixel = vec4(mix(c, air.rgb, air.a), 1.0);\n"
	"}\n";

/* Trees: cones at their places, which shrink away into the ground's own green before they would end. */
static const char tree_vertex[] =
	NUMBERS
	"layout(location = 0) in vec4 corner;\n"	// of a cone of height 1; brightness
	"layout(location = 1) in vec4 place;\n"		// foot; size
	"layout(location = 2) in vec4 tint;\n"
	"uniform mat4 matrix;\n"
	"uniform vec2 square;\n"			// the copy of the land they stand in
	CLOUD_SHADOW
	AIR
	"out vec4 colour;\n"
	"void main() {\n"
	"	vec3 foot = place.xyz + vec3(square.x, 0.0, square.y) - camera.xyz;\n"
	"	float distance = length(foot);\n"
	"	float size = place.w * clamp(1.0 - (distance / TREES_END - 0.6) / 0.4, 0.0, 1.0);\n"
	"	vec3 at = foot + corner.xyz * size;\n"
	"	float air = thickness(distance, place.y);\n"
	"	vec3 c = tint.rgb * corner.w * cloud_light(place.xz + square);\n"
	"	colour = vec4(mix(c, haze(at / max(distance, 1.0)), air), 1.0);\n"
	"	gl_Position = matrix * vec4(at, 1.0);\n"
	"}\n";

static const char tree_fragment[] =
	"in vec4 colour;\n"
	"out vec4 pixel;\n"
	"void main() { pixel = colour; }\n";

/*
 * Water: the grids of nodes that reach below it, flat. Opaque, with its bed mixed in where it is shallow, and drawn first,
 * so that the
 * ground below costs nothing. Mirrored air is as hazy as what is seen over it.
 */
static const char water_vertex[] =
	NUMBERS
	"layout(location = 0) in vec2 grid;\n"
	"layout(location = 1) in vec4 node;\n"
	"uniform mat4 matrix;\n"
	"uniform highp sampler2D heights;\n"
	CLOUD_SHADOW
	AIR
	"out vec3 way;\n"
	"out vec2 map;\n"
	"out vec4 air;\n"
	"out vec3 deep;\n"				// what is seen below
	"out vec2 depth;\n"				// metres; light
	"void main() {\n"
	"	vec2 cell = node.xy + grid * node.z;\n"
	"	way = vec3(cell.x * CELL, 0.0, cell.y * CELL) - camera.xyz;\n"
	"	map = cell / float(CELLS);\n"
	"	float distance = length(way);\n"
	"	air = vec4(haze(way / distance), thickness(distance, 0.0));\n"
	"	depth = vec2(-texelFetch(heights, ivec2(cell) & (CELLS - 1), 0).r, cloud_light(cell * CELL));\n"
	"	deep = mix(vec3(0.10, 0.38, 0.37), vec3(0.02, 0.12, 0.20), clamp(depth.x * 0.10, 0.0, 1.0));\n"
	"	deep = mix(vec3(0.50, 0.47, 0.33), deep, clamp(depth.x * 0.5 + 0.15, 0.0, 1.0)) * depth.y;\n"
	"	gl_Position = matrix * vec4(way, 1.0);\n"
	"}\n";

static const char water_fragment[] =
	NUMBERS
	"in vec3 way;\n"
	"in vec2 map;\n"
	"in vec4 air;\n"
	"in vec3 deep;\n"
	"in vec2 depth;\n"
	"uniform sampler2D detail;\n"
	"uniform vec4 camera;\n"
	AIR
	"out vec4 pixel;\n"
	"void main() {\n"
	"	vec3 w = normalize(way);\n"
	"	float t = camera.w;\n"
	"	vec2 wave = texture(detail, map * 43.0 + vec2(t * 0.011, t * 0.007)).gb\n"
	"		  + texture(detail, map * 97.0 + vec2(t * -0.013, t * 0.019)).gb - 1.0;\n"
	"	vec3 normal = vec3(wave.x * 0.55, 1.0, wave.y * 0.55);\n"	// about as long as 1
	"	float across = dot(w, normal);\n"
	"	vec3 back = w - 2.0 * across * normal;\n"
	"	float facing = clamp(1.0 + across, 0.0, 1.0);\n"
	"	facing *= facing;\n"
	"	float mirror = 0.04 + 0.82 * facing * facing;\n"
	"	float s = clamp(dot(back, sun), 0.0, 1.0);\n"
	"	float s4 = s * s; s4 *= s4;\n"
	"	float s16 = s4 * s4; s16 *= s16;\n"
	"	float s128 = s16 * s16; s128 *= s128; s128 *= s128;\n"
	"	float glint = s128 * s16 * 1.6 + s16 * s4 * 0.18;\n"
	"	vec3 c = mix(deep, sky(clamp(back.y, 0.0, 1.0), air.rgb), mirror) + vec3(1.0, 0.9, 0.7) * (glint * depth.y);\n"
	"	float foam = clamp(1.2 - depth.x * 0.9 - (wave.x + wave.y) * 2.0, 0.0, 1.0);\n"
	"	c = mix(c, vec3(0.92, 0.95, 0.95) * depth.y, foam * 0.55);\n"
	"	pixel = vec4(mix(c, air.rgb, air.a), 1.0);\n"
	"}\n";

/* Sky: wherever nothing stands in front. */
static const char sky_vertex[] =
	"uniform vec3 right, up, forward;\n"
	"out vec3 way;\n"
	"void main() {\n"
	"	vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0;\n"
	"	way = forward + right * corner.x - up * corner.y;\n"	// upside down
	"	gl_Position = vec4(corner, 1.0, 1.0);\n"
	"}\n";

static const char sky_fragment[] =
	NUMBERS
	"in vec3 way;\n"
	CLOUD_SHADOW
	AIR
	"out vec4 pixel;\n"
	"void main() {\n"
	"	vec3 w = normalize(way);\n"
	"	float s = max(dot(w, sun), 0.0);\n"
	"	float up = max(w.y, 0.0);\n"
	"	vec3 c = sky(up, haze(w));\n"
	"	vec2 at = w.xz / (up + 0.12) * 0.22 + camera.xz / 9000.0 + vec2(camera.w * 0.004, camera.w * 0.002);\n"
	"	float d = texture(clouds, at).r;\n"
	"	float cloud = smoothstep(0.46, 0.70, d) * smoothstep(0.015, 0.16, up);\n"
	"	float thin = 1.0 - smoothstep(0.5, 0.85, d);\n"
	"	vec3 lit = mix(vec3(0.66, 0.70, 0.78), vec3(1.0, 0.97, 0.92), thin) + vec3(0.25, 0.18, 0.08) * s * s * thin;\n"
	"	c = mix(c, lit, cloud * 0.9);\n"
	"	float s4 = s * s; s4 *= s4;\n"
	"	float s32 = s4 * s4; s32 *= s32; s32 *= s32;\n"
	"	c += vec3(1.0, 0.82, 0.55) * (0.16 * s4 + 0.30 * s32) + vec3(1.0, 0.95, 0.85) * smoothstep(0.9995, 0.9998, s);\n"
	"	pixel = vec4(c, 1.0);\n"
	"}\n";
