/* What a test can ask of the client. Every command prints one line: "ok ..." or "error ...". */
#include "tests/client/client.h"

#include "base/loop.h"

#include <freerdp/gdi/gdi.h>
#include <freerdp/input.h>
#include <freerdp/settings.h>
#include <freerdp/update.h>

#include <stdarg.h>
#include <stdio.h>

static void __attribute__((format(printf, 1, 2))) answer(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

/* How many pixels came by which way, and how many bytes of data the codecs took. */
static void print_ways(const struct gfx_decoder *decoder)
{
	static const char *const names[GFX_WAYS] = {
		[GFX_UNCOMPRESSED] = "uncompressed", [GFX_REMOTEFX] = "remotefx", [GFX_CLEAR] = "clear",
		[GFX_PROGRESSIVE] = "progressive",   [GFX_PLANAR] = "planar",     [GFX_FILL] = "fill",
		[GFX_COPY] = "copy",		     [GFX_CACHE] = "cache",
	};

	for (size_t i = 0; i < GFX_WAYS; i++) {
		if (names[i])
			printf("area_%s %llu bytes_%s %llu ", names[i], (unsigned long long)decoder->area[i], names[i],
			       (unsigned long long)decoder->bytes[i]);
	}
}

/* -1 when one of both has not been yet. */
static double since_ms(uint64_t from_us, uint64_t to_us)
{
	return from_us && to_us ? (double)(to_us - from_us) / 1000 : -1;
}

/* "NAME VALUE" pairs of what has come so far. */
static void command_stats(struct client *client)
{
	struct graphics *g = &client->graphics;
	struct gfx_decoder *d = &g->decoder;
	uint64_t start = client->connection.start_us;

	printf("ok ");
	print_ways(d);
	printf("surfaces %u surface_bytes %llu bitmaps %u bitmap_bytes %llu ", client->surfaces,
	       (unsigned long long)client->surface_bytes, client->bitmaps, (unsigned long long)client->bitmap_bytes);
	printf("copies %u stored %u hits %u evicted %u ", d->copies, d->stored, d->hits, d->evicted);
	answer("frames %u acknowledged %u bytes %llu envelopes %u messages %u fills %u pictures %u confirms %u resets %u "
	       "version 0x%x width %u height %u quiet_ms %.0f connected_ms %.1f picture_ms %.1f pointers_new %u "
	       "pointers_cached %u pointers_hidden %u pointer %ux%u+%u+%u leds %u "
	       "opened %u",
	       d->frames, g->acknowledged, (unsigned long long)g->bytes, d->envelopes, d->messages, d->fills, d->pictures,
	       d->confirms, d->resets, d->version, d->width, d->height, since_ms(g->last_us, kg_now_us()),
	       since_ms(start, client->connected_us),
	       since_ms(start, g->first_picture_us), client->pointers_new,
	       client->pointers_cached, client->pointers_hidden, client->pointer_width, client->pointer_height,
	       client->pointer_hot_x, client->pointer_hot_y, client->leds, g->opened);
}

/* Of the graphics pipeline, or what FreeRDP drew without it. */
static void command_picture(struct client *client, const char *path)
{
	struct gfx_decoder *d = &client->graphics.decoder;
	rdpGdi *gdi = client->connection.context.gdi;
	bool drawn = !d->output && gdi && (client->surfaces || client->bitmaps);
	uint32_t width = drawn ? (uint32_t)gdi->width : d->width, height = drawn ? (uint32_t)gdi->height : d->height;
	const uint8_t *pixels = drawn ? gdi->primary_buffer : d->output;
	size_t stride = drawn ? gdi->stride : width * 4u;
	FILE *f = pixels ? fopen(path, "wb") : NULL;
	bool right = f;

	for (uint32_t y = 0; right && y < height; y++)
		right = fwrite(pixels + y * stride, 4, width, f) == width;
	if (f)
		right = !fclose(f) && right;
	if (right)
		answer("ok %u %u", width, height);
	else
		answer("error no picture");
}

static void command_advertise(struct client *client, char *rest)
{
	struct graphics *g = &client->graphics;
	unsigned version, flags;
	int used;

	g->version_count = 0;
	while (g->version_count < 16 && sscanf(rest, "%x %x%n", &version, &flags, &used) == 2) {
		g->versions[g->version_count++] = (struct kg_graphics_version){ version, flags };
		rest += used;
	}
	if (client->connected)
		graphics_advertise(client);
	answer("ok %u", g->version_count);
}

static void command_raw(struct client *client, const char *hex)
{
	uint8_t bytes[70000];
	size_t n = 0;
	unsigned value;

	while (n < sizeof(bytes) && sscanf(hex + 2 * n, "%2x", &value) == 1)
		bytes[n++] = (uint8_t)value;
	if (!kg_connection_send_graphics(&client->connection, bytes, n))
		client_violation(client, "the graphics channel cannot be written");
	answer("ok %zu", n);
}

static bool command_input(struct client *client, const char *name, const char *rest)
{
	rdpInput *input = client->connection.context.input;
	unsigned a = 0, b = 0, c = 0;
	int x = 0, y = 0;
	BOOL right;

	if (!strcmp(name, "key") && sscanf(rest, "%x %x", &a, &b) == 2)			// scancode, flags (KBD_FLAGS)
		right = freerdp_input_send_keyboard_event(input, (UINT16)b, (UINT8)a);
	else if (!strcmp(name, "unicode") && sscanf(rest, "%x %x", &a, &b) == 2)	// unit, flags
		right = freerdp_input_send_unicode_keyboard_event(input, (UINT16)b, (UINT16)a);
	else if (!strcmp(name, "mouse") && sscanf(rest, "%x %u %u", &a, &b, &c) == 3)	// flags (PTR_FLAGS), x, y
		right = freerdp_input_send_mouse_event(input, (UINT16)a, (UINT16)b, (UINT16)c);
	else if (!strcmp(name, "mousex") && sscanf(rest, "%x %u %u", &a, &b, &c) == 3)
		right = freerdp_input_send_extended_mouse_event(input, (UINT16)a, (UINT16)b, (UINT16)c);
	else if (!strcmp(name, "relative") && sscanf(rest, "%x %d %d", &a, &x, &y) == 3)
		right = freerdp_input_send_rel_mouse_event(input, (UINT16)a, (INT16)x, (INT16)y);
	else if (!strcmp(name, "sync") && sscanf(rest, "%x", &a) == 1)
		right = freerdp_input_send_synchronize_event(input, a);
	else
		return false;
	answer(right ? "ok" : "error not sent");
	return true;
}

static bool command_output(struct client *client, const char *name, const char *rest)
{
	rdpUpdate *update = client->connection.context.update;
	unsigned a, b, c, d;
	BOOL right;

	if (!strcmp(name, "suppress") && sscanf(rest, "%u", &a) == 1) {		// 1: do not send
		RECTANGLE_16 all = { 0, 0, 0xffff, 0xffff };

		right = update->SuppressOutput(&client->connection.context, !a, &all);
	} else if (!strcmp(name, "refresh") && sscanf(rest, "%u %u %u %u", &a, &b, &c, &d) == 4) {
		RECTANGLE_16 area = { (UINT16)a, (UINT16)b, (UINT16)(c - 1), (UINT16)(d - 1) };

		right = update->RefreshRect(&client->connection.context, 1, &area);
	} else {
		return false;
	}
	answer(right ? "ok" : "error not sent");
	return true;
}

void command_run(struct client *client, char *line)
{
	char name[32] = "";
	int used = 0;
	char *rest;

	if (sscanf(line, "%31s%n", name, &used) != 1)
		return;
	rest = line + used;
	rest += strspn(rest, " ");
	if (client->violation[0] && strcmp(name, "quit"))
		answer("error violation: %s", client->violation);
	else if (!strcmp(name, "stats"))
		command_stats(client);
	else if (!strcmp(name, "picture"))
		command_picture(client, rest);
	else if (!strcmp(name, "advertise"))
		command_advertise(client, rest);
	else if (!strcmp(name, "raw"))
		command_raw(client, rest);
	else if (!strcmp(name, "acknowledge")) {
		graphics_set_acknowledge(client, !strcmp(rest, "on")	   ? ACKNOWLEDGE
							    : !strcmp(rest, "off") ? ACKNOWLEDGE_NOT
										   : ACKNOWLEDGE_SUSPENDED);
		answer("ok");
	} else if (!strcmp(name, "quit")) {
		client->finished = true;
		answer("ok");
	} else if (!command_input(client, name, rest) && !command_output(client, name, rest)) {
		answer("error unknown command %s", name);
	}
}
