/* Flat pictures on whole pixels: one buffer of squares, one texture with the characters, one draw call. */
#include "server/desktop/demo/text.h"

#include "server/desktop/demo/shader.h"

/* The texture: 16 x 6 cells a face, faces one below the other. The 96th cell of each is all set, for rectangles. */
#define CELLS_X 16
#define CELLS_Y (6 * KG_FONT_FACES)
#define CELL_SOLID 95
#define SQUARES_MAX 32768
#define FILLS_MAX 8

struct corner {
	int16_t x, y;
	int16_t u, v;			// texels
	uint32_t colour;		// R, G, B, A bytes
};

struct fill {
	int32_t x, y, width, height;
	uint32_t colour;
};

struct kg_text {
	GLuint program, texture, buffer, indices, array;
	GLint size_location;
	struct corner *corners;		// 4 a square
	size_t count, room;		// squares
	struct fill fills[FILLS_MAX];
	size_t fill_count;
	int32_t width, height;
};

static const char vertex_source[] =
	"layout(location = 0) in vec2 place;\n"
	"layout(location = 1) in vec2 texel;\n"
	"layout(location = 2) in vec4 tint;\n"
	"uniform vec2 size;\n"
	"out vec2 at;\n"
	"out vec4 colour;\n"
	"void main() {\n"
	"	at = texel;\n"
	"	colour = tint;\n"
	"	gl_Position = vec4(place * 2.0 / size - 1.0, 0.0, 1.0);\n"	// y down: the picture is read bottom row first
	"}\n";

static const char fragment_source[] =
	"in vec2 at;\n"
	"in vec4 colour;\n"
	"uniform sampler2D font;\n"
	"out vec4 pixel;\n"
	"void main() {\n"
	"	float set = texelFetch(font, ivec2(at), 0).r;\n"
	"	pixel = vec4(colour.rgb, colour.a * set);\n"
	"}\n";

static void put_glyph(uint8_t *texels, size_t face, size_t glyph)
{
	size_t left = glyph % CELLS_X * KG_FONT_WIDTH;
	size_t top = (face * 6 + glyph / CELLS_X) * KG_FONT_HEIGHT;

	for (size_t y = 0; y < KG_FONT_HEIGHT; y++) {
		uint8_t row = glyph == CELL_SOLID ? 0xff : kg_font_rows[face][glyph][y];

		for (size_t x = 0; x < KG_FONT_WIDTH; x++)
			texels[(top + y) * CELLS_X * KG_FONT_WIDTH + left + x] = row >> (7 - x) & 1 ? 0xff : 0;
	}
}

static GLuint font_texture(void)
{
	uint8_t *texels = calloc((size_t)CELLS_X * KG_FONT_WIDTH, (size_t)CELLS_Y * KG_FONT_HEIGHT);
	GLuint texture;

	if (!texels)
		return 0;
	for (size_t face = 0; face < KG_FONT_FACES; face++)
		for (size_t glyph = 0; glyph <= CELL_SOLID; glyph++)
			put_glyph(texels, face, glyph);
	texture = kg_shader_texture(CELLS_X * KG_FONT_WIDTH, CELLS_Y * KG_FONT_HEIGHT, 1, false, texels);
	free(texels);
	return texture;
}

/* Two triangles a square, the same for ever: made once for as many squares as there may be. */
static int make_indices(void)
{
	uint32_t *indices = calloc(SQUARES_MAX, 6 * sizeof(*indices));

	if (!indices)
		return -ENOMEM;
	for (uint32_t i = 0; i < SQUARES_MAX; i++) {
		const uint32_t corners[] = { 0, 1, 2, 2, 1, 3 };

		for (size_t k = 0; k < 6; k++)
			indices[i * 6 + k] = i * 4 + corners[k];
	}
	glBufferData(GL_ELEMENT_ARRAY_BUFFER, SQUARES_MAX * 6 * sizeof(*indices), indices, GL_STATIC_DRAW);
	free(indices);
	return 0;
}

int kg_text_new(struct kg_text **ret)
{
	struct kg_text *text = calloc(1, sizeof(*text));
	int r = -ENOMEM;

	if (!text)
		return r;
	r = kg_shader_program(&text->program, "text", vertex_source, fragment_source);
	if (r < 0)
		goto fail;
	r = -ENOMEM;
	text->texture = font_texture();
	if (!text->texture)
		goto fail;
	text->size_location = glGetUniformLocation(text->program, "size");
	glGenBuffers(1, &text->buffer);
	glGenBuffers(1, &text->indices);
	glGenVertexArrays(1, &text->array);
	glBindVertexArray(text->array);
	glBindBuffer(GL_ARRAY_BUFFER, text->buffer);
	glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, text->indices);
	glVertexAttribPointer(0, 2, GL_SHORT, GL_FALSE, sizeof(struct corner), (void *)offsetof(struct corner, x));
	glVertexAttribPointer(1, 2, GL_SHORT, GL_FALSE, sizeof(struct corner), (void *)offsetof(struct corner, u));
	glVertexAttribPointer(2, 4, GL_UNSIGNED_BYTE, GL_TRUE, sizeof(struct corner),
			      (void *)offsetof(struct corner, colour));
	for (GLuint i = 0; i < 3; i++)
		glEnableVertexAttribArray(i);
	r = make_indices();
	glBindVertexArray(0);
	if (r < 0)
		goto fail;
	*ret = text;
	return 0;

fail:
	kg_text_free(text);
	return r;
}

void kg_text_free(struct kg_text *text)
{
	if (!text)
		return;
	glDeleteProgram(text->program);
	glDeleteTextures(1, &text->texture);
	glDeleteBuffers(1, &text->buffer);
	glDeleteBuffers(1, &text->indices);
	glDeleteVertexArrays(1, &text->array);
	free(text->corners);
	free(text);
}

void kg_text_begin(struct kg_text *text, uint32_t width, uint32_t height)
{
	text->count = text->fill_count = 0;
	text->width = (int32_t)width;
	text->height = (int32_t)height;
}

static bool make_room(struct kg_text *text)
{
	size_t room = text->room ? text->room * 2 : 1024;
	struct corner *corners;

	if (text->count < text->room)
		return true;
	if (room > SQUARES_MAX)
		return false;
	corners = realloc(text->corners, room * 4 * sizeof(*corners));
	if (!corners)
		return false;
	text->corners = corners;
	text->room = room;
	return true;
}

static uint32_t bytes_of(uint32_t colour)	// 0xAARRGGBB as R, G, B, A in memory
{
	uint8_t bytes[] = { colour >> 16 & 0xff, colour >> 8 & 0xff, colour & 0xff, colour >> 24 };
	uint32_t r;

	memcpy(&r, bytes, sizeof(r));
	return r;
}

/* A square of width x height pixels whose texels start at u, v and are scale pixels big; 0: all its pixels are one texel. */
static void add(struct kg_text *text, int32_t x, int32_t y, int32_t width, int32_t height, int32_t u, int32_t v,
		int32_t scale, const uint32_t colours[2])
{
	int32_t left = KG_MAX(x, 0), top = KG_MAX(y, 0);
	int32_t right = KG_MIN(x + width, text->width), bottom = KG_MIN(y + height, text->height);
	struct corner *corner;

	/* Cut at whole texels only, so that corners keep whole coordinates: what sticks out further is cut by the viewport. */
	if (scale) {
		left = x + (left - x) / scale * scale;
		top = y + (top - y) / scale * scale;
		right = x + (right - x + scale - 1) / scale * scale;
		bottom = y + (bottom - y + scale - 1) / scale * scale;
	}
	if (left >= right || top >= bottom || !make_room(text))
		return;
	corner = text->corners + text->count++ * 4;
	for (int i = 0; i < 4; i++) {
		int32_t at_x = i & 1 ? right : left, at_y = i & 2 ? bottom : top;

		corner[i] = (struct corner){
			.x = (int16_t)at_x,
			.y = (int16_t)at_y,
			.u = (int16_t)(scale ? u + (at_x - x) / scale : u),
			.v = (int16_t)(scale ? v + (at_y - y) / scale : v),
			.colour = colours[i / 2],
		};
	}
}

void kg_text_shade(struct kg_text *text, int32_t x, int32_t y, int32_t width, int32_t height, uint32_t top,
		   uint32_t bottom)
{
	const uint32_t colours[] = { bytes_of(top), bytes_of(bottom) };

	/* The middle of the solid cell: rounding on the way must not end in a neighbour. */
	add(text, x, y, width, height, CELL_SOLID % CELLS_X * KG_FONT_WIDTH + KG_FONT_WIDTH / 2,
	    CELL_SOLID / CELLS_X * KG_FONT_HEIGHT + KG_FONT_HEIGHT / 2, 0, colours);
}

void kg_text_fill(struct kg_text *text, int32_t x, int32_t y, int32_t width, int32_t height, uint32_t colour)
{
	if (text->fill_count < FILLS_MAX && width > 0 && height > 0)
		text->fills[text->fill_count++] = (struct fill){ x, y, width, height, colour };
}

void kg_text_rectangle(struct kg_text *text, int32_t x, int32_t y, int32_t width, int32_t height, uint32_t colour)
{
	kg_text_shade(text, x, y, width, height, colour, colour);
}

void kg_text_span(struct kg_text *text, int32_t x, int32_t y, uint32_t scale, enum kg_font_face face, uint32_t colour,
		  const char *characters, size_t count)
{
	const uint32_t colours[] = { bytes_of(colour), bytes_of(colour) };
	int32_t step = (int32_t)(KG_FONT_WIDTH * scale);

	for (size_t i = 0; i < count && x < text->width; i++, x += step) {
		uint8_t c = (uint8_t)characters[i];
		int32_t glyph = c > KG_FONT_FIRST && c < KG_FONT_FIRST + KG_FONT_GLYPHS ? c - KG_FONT_FIRST : 0;

		if (glyph)
			add(text, x, y, step, (int32_t)(KG_FONT_HEIGHT * scale), glyph % CELLS_X * KG_FONT_WIDTH,
			    ((int32_t)face * 6 + glyph / CELLS_X) * KG_FONT_HEIGHT, (int32_t)scale, colours);
	}
}

void kg_text_string(struct kg_text *text, int32_t x, int32_t y, uint32_t scale, enum kg_font_face face, uint32_t colour,
		    const char *string)
{
	kg_text_span(text, x, y, scale, face, colour, string, strlen(string));
}

static void draw_fills(const struct kg_text *text)
{
	glEnable(GL_SCISSOR_TEST);
	for (size_t i = 0; i < text->fill_count; i++) {
		const struct fill *f = &text->fills[i];

		glScissor(f->x, f->y, f->width, f->height);
		glClearColor((float)(f->colour >> 16 & 0xff) / 255, (float)(f->colour >> 8 & 0xff) / 255,
			     (float)(f->colour & 0xff) / 255, 1);
		glClear(GL_COLOR_BUFFER_BIT);
	}
	glDisable(GL_SCISSOR_TEST);
}

void kg_text_draw(struct kg_text *text)
{
	draw_fills(text);
	if (!text->count)
		return;
	glDisable(GL_DEPTH_TEST);
	glDisable(GL_CULL_FACE);
	glEnable(GL_BLEND);
	glBlendFunc(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA);
	glUseProgram(text->program);
	glUniform2f(text->size_location, (float)text->width, (float)text->height);
	glActiveTexture(GL_TEXTURE0);
	glBindTexture(GL_TEXTURE_2D, text->texture);
	glBindVertexArray(text->array);
	glBindBuffer(GL_ARRAY_BUFFER, text->buffer);
	glBufferData(GL_ARRAY_BUFFER, (GLsizeiptr)(text->count * 4 * sizeof(*text->corners)), text->corners, GL_STREAM_DRAW);
	glDrawElements(GL_TRIANGLES, (GLsizei)(text->count * 6), GL_UNSIGNED_INT, NULL);
	glBindVertexArray(0);
	glDisable(GL_BLEND);
}
