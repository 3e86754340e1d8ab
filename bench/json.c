/* Writing JSON. */
#include "bench/json.h"

#include <math.h>

static void put_text(struct kg_json *json, const char *text)
{
	fputc('"', json->file);
	for (; *text; text++)
		if ((uint8_t)*text < 0x20 || *text == '"' || *text == '\\')
			fprintf(json->file, "\\u%04x", (uint8_t)*text);
		else
			fputc(*text, json->file);
	fputc('"', json->file);
}

static void put_line(struct kg_json *json)
{
	if (!json->lines)
		return;
	fputc('\n', json->file);
	for (unsigned i = 0; i < json->depth; i++)
		fputc('\t', json->file);
}

/* What stands before a member. */
static void begin_member(struct kg_json *json, const char *name)
{
	if (json->begun)
		fputs(json->lines ? "," : ", ", json->file);
	if (json->depth)
		put_line(json);
	if (name) {
		put_text(json, name);
		fputs(": ", json->file);
	}
	json->begun = true;
}

static void begin(struct kg_json *json, const char *name, char bracket)
{
	begin_member(json, name);
	fputc(bracket, json->file);
	json->depth++;
	json->begun = false;
}

static void end(struct kg_json *json, char bracket)
{
	bool empty = !json->begun;

	json->depth--;
	if (!empty)
		put_line(json);
	fputc(bracket, json->file);
	json->begun = json->depth;
	if (!json->depth)
		fputc('\n', json->file);
}

void kg_json_begin_object(struct kg_json *json, const char *name)
{
	begin(json, name, '{');
}

void kg_json_end_object(struct kg_json *json)
{
	end(json, '}');
}

void kg_json_begin_array(struct kg_json *json, const char *name)
{
	begin(json, name, '[');
}

void kg_json_end_array(struct kg_json *json)
{
	end(json, ']');
}

void kg_json_text(struct kg_json *json, const char *name, const char *text)
{
	begin_member(json, name);
	if (text)
		put_text(json, text);
	else
		fputs("null", json->file);
}

void kg_json_count(struct kg_json *json, const char *name, uint64_t value)
{
	begin_member(json, name);
	fprintf(json->file, "%llu", (unsigned long long)value);
}

void kg_json_number(struct kg_json *json, const char *name, double value, int decimals)
{
	begin_member(json, name);
	if (isfinite(value))
		fprintf(json->file, "%.*f", decimals, value);
	else
		fputs("null", json->file);
}

void kg_json_bool(struct kg_json *json, const char *name, bool value)
{
	begin_member(json, name);
	fputs(value ? "true" : "false", json->file);
}
