/* Programs and textures of GL. */
#define KG_TOPIC "demo"
#include "server/desktop/demo/shader.h"

#include "base/log.h"

static const char head[] = "#version 300 es\nprecision highp float;\nprecision highp int;\nprecision mediump sampler2D;\n";

static GLuint compile(const char *name, GLenum kind, const char *source)
{
	const char *parts[] = { head, source };
	GLuint shader = glCreateShader(kind);
	GLint good = GL_FALSE;
	char text[512] = "";

	if (!shader)
		return 0;
	glShaderSource(shader, KG_ARRAY_SIZE(parts), parts, NULL);
	glCompileShader(shader);
	glGetShaderiv(shader, GL_COMPILE_STATUS, &good);
	if (good)
		return shader;
	glGetShaderInfoLog(shader, sizeof(text), NULL, text);
	kg_err(0, "the driver refuses the %s shader %s: %s", kind == GL_VERTEX_SHADER ? "vertex" : "fragment", name, text);
	glDeleteShader(shader);
	return 0;
}

int kg_shader_program(GLuint *ret, const char *name, const char *vertex, const char *fragment)
{
	GLuint a = compile(name, GL_VERTEX_SHADER, vertex);
	GLuint b = a ? compile(name, GL_FRAGMENT_SHADER, fragment) : 0;
	GLuint program = b ? glCreateProgram() : 0;
	GLint good = GL_FALSE;
	char text[512] = "";

	if (program) {
		glAttachShader(program, a);
		glAttachShader(program, b);
		glLinkProgram(program);
		glGetProgramiv(program, GL_LINK_STATUS, &good);
	}
	glDeleteShader(a);	// freed with the program; 0 is ignored
	glDeleteShader(b);
	if (!good) {
		if (program)
			glGetProgramInfoLog(program, sizeof(text), NULL, text);
		glDeleteProgram(program);
		return kg_err(-ENOTSUP, "the driver cannot link the shader %s: %s", name, text);
	}
	*ret = program;
	return 0;
}

GLuint kg_shader_texture(uint32_t width, uint32_t height, uint32_t channels, bool repeat, const void *pixels)
{
	GLenum inside = channels == 4 ? GL_RGBA8 : GL_R8, outside = channels == 4 ? GL_RGBA : GL_RED;
	GLint wrap = repeat ? GL_REPEAT : GL_CLAMP_TO_EDGE;
	GLuint texture = 0;

	glGenTextures(1, &texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
	glTexImage2D(GL_TEXTURE_2D, 0, (GLint)inside, (GLsizei)width, (GLsizei)height, 0, outside, GL_UNSIGNED_BYTE, pixels);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, wrap);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, wrap);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, repeat ? GL_LINEAR : GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, repeat ? GL_LINEAR_MIPMAP_NEAREST : GL_NEAREST);
	if (repeat)
		glGenerateMipmap(GL_TEXTURE_2D);
	return texture;
}
