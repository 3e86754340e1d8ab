/* Characters of 8 x 16 pixels, ASCII 32 to 126, plain and bold: what font.c has. */
#pragma once

#include "base/base.h"

#define KG_FONT_WIDTH 8
#define KG_FONT_HEIGHT 16
#define KG_FONT_FIRST 32
#define KG_FONT_GLYPHS 95
#define KG_FONT_FACES 2

enum kg_font_face { KG_FONT_PLAIN, KG_FONT_BOLD };

extern const uint8_t kg_font_rows[KG_FONT_FACES][KG_FONT_GLYPHS][KG_FONT_HEIGHT];
