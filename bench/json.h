/*
 * Writes JSON: objects and arrays with commas and, where asked for, line breaks in the right places. Names are NULL
 * inside of an array. What cannot be a number in JSON (NAN, INFINITY) becomes null.
 */
#pragma once

#include "base/base.h"

#include <stdio.h>

struct kg_json {
	FILE *file;
	bool lines;		// a line for each member, indented by tabs; otherwise all in one
	unsigned depth;
	bool begun;		// the innermost object or array has a member
};

void kg_json_begin_object(struct kg_json *json, const char *name);
void kg_json_end_object(struct kg_json *json);
void kg_json_begin_array(struct kg_json *json, const char *name);
void kg_json_end_array(struct kg_json *json);

void kg_json_text(struct kg_json *json, const char *name, const char *text);	// NULL: null
void kg_json_count(struct kg_json *json, const char *name, uint64_t value);
void kg_json_number(struct kg_json *json, const char *name, double value, int decimals);
void kg_json_bool(struct kg_json *json, const char *name, bool value);
