/* Between UTF-8 and the UTF-16LE of Windows' protocols. Bounded; what is malformed is an error. */
#pragma once

#include "base/base.h"

/* Returns the bytes written to to (at most size), or -EILSEQ, or -ENOBUFS. */
int kg_utf8_to_utf16(const char *text, uint8_t *to, size_t size);

/* size bytes of UTF-16LE to UTF-8 with an end. Returns the bytes without the end, or -EILSEQ (also for a 0), or -ENOBUFS. */
int kg_utf16_to_utf8(const uint8_t *bytes, size_t bytes_size, char *to, size_t size);

/* The capital of a UTF-16 unit as Windows has it, for the scripts that names are written in; others stay as they are. */
uint16_t kg_utf16_capital(uint16_t unit);

/* Text in such capitals; as long as before, and at most size with its end. What is malformed stays as it is. */
void kg_utf8_capitals(const char *text, char *to, size_t size);
