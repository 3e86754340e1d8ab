/* Small things every scene needs of GL: programs and textures. A GLES 3 context must be current. */
#pragma once

#include "base/base.h"

#include <GLES3/gl3.h>

/* Compiles and links; logs the driver's words on failure. vertex and fragment come without "#version" and precision. */
int kg_shader_program(GLuint *ret, const char *name, const char *vertex, const char *fragment);

/* An 8-bit texture with 1 or 4 channels; repeating and with mipmaps, or clamped to its edge and with neither. */
GLuint kg_shader_texture(uint32_t width, uint32_t height, uint32_t channels, bool repeat, const void *pixels);
