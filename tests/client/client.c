/*
 * kagami-test-client --server ADDRESS:PORT --user NAME --password TEXT [--size WxH] [--no-graphics] [--tls]
 *                    [--remotefx] [--versions "HEX FLAGS HEX FLAGS ..."] [--record FILE]
 * Prints "connected" or "failed CODE NAME", then answers commands; at the end "ended CODE NAME".
 */
#include "tests/client/client.h"

#include "base/loop.h"

#include <freerdp/channels/rdpgfx.h>
#include <freerdp/settings.h>

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>

void client_violation(struct client *client, const char *text)
{
	if (!client->violation[0]) {
		snprintf(client->violation, sizeof(client->violation), "%s", text);
		printf("violation: %s\n", text);
		fflush(stdout);
	}
}

/* ---- what the server sends beside the graphics channel ---- */

static BOOL on_pointer_new(rdpContext *context, const POINTER_NEW_UPDATE *p)
{
	struct client *client = (struct client *)context;
	const POINTER_COLOR_UPDATE *c = &p->colorPtrAttr;

	client->pointers_new++;
	client->pointer_width = c->width;
	client->pointer_height = c->height;
	client->pointer_hot_x = c->hotSpotX;
	client->pointer_hot_y = c->hotSpotY;
	if (c->width > 96 || c->height > 96 || c->hotSpotX >= c->width || c->hotSpotY >= c->height)
		client_violation(client, "a pointer is too large or its hot spot outside");
	if (c->cacheIndex >= freerdp_settings_get_uint32(context->settings, FreeRDP_PointerCacheSize))
		client_violation(client, "a pointer goes into a cache slot that is not there");
	return TRUE;
}

static BOOL on_pointer_large(rdpContext *context, const POINTER_LARGE_UPDATE *p)
{
	struct client *client = (struct client *)context;

	client->pointers_new++;
	client->pointer_width = p->width;
	client->pointer_height = p->height;
	if (p->width > 384 || p->height > 384 || p->hotSpotX >= p->width || p->hotSpotY >= p->height)
		client_violation(client, "a large pointer is too large or its hot spot outside");
	return TRUE;
}

static BOOL on_pointer_cached(rdpContext *context, const POINTER_CACHED_UPDATE *p)
{
	struct client *client = (struct client *)context;

	client->pointers_cached++;
	if (p->cacheIndex >= freerdp_settings_get_uint32(context->settings, FreeRDP_PointerCacheSize))
		client_violation(client, "a pointer comes from a cache slot that is not there");
	return TRUE;
}

static BOOL on_pointer_system(rdpContext *context, const POINTER_SYSTEM_UPDATE *p)
{
	((struct client *)context)->pointers_hidden += p->type == SYSPTR_NULL;
	return TRUE;
}

static BOOL on_pointer_color(rdpContext *context, const POINTER_COLOR_UPDATE *p)
{
	(void)p;
	((struct client *)context)->pointers_new++;
	return TRUE;
}

static BOOL on_pointer_position(rdpContext *context, const POINTER_POSITION_UPDATE *p)
{
	(void)context;
	(void)p;
	return TRUE;
}

static BOOL on_leds(rdpContext *context, UINT16 flags)
{
	((struct client *)context)->leds = flags;
	return TRUE;
}

/* Without the graphics pipeline FreeRDP decodes: its own functions, which ours are put before. */
static pSurfaceBits surface_bits_before;
static pBitmapUpdate bitmap_update_before;

static BOOL on_surface_bits(rdpContext *context, const SURFACE_BITS_COMMAND *command)
{
	struct client *client = (struct client *)context;
	const rdpSettings *s = context->settings;

	client->surfaces++;
	client->surface_bytes += command->bmp.bitmapDataLength;
	if (command->bmp.codecID != RDP_CODEC_ID_REMOTEFX || !freerdp_settings_get_bool(s, FreeRDP_RemoteFxCodec))
		client_violation(client, "a surface command of a codec that the client has not");
	if (command->destRight > freerdp_settings_get_uint32(s, FreeRDP_DesktopWidth) ||
	    command->destBottom > freerdp_settings_get_uint32(s, FreeRDP_DesktopHeight) ||
	    command->destLeft + command->bmp.width != command->destRight ||
	    command->destTop + command->bmp.height != command->destBottom)
		client_violation(client, "a surface command outside of the screen");
	return surface_bits_before(context, command);
}

static BOOL on_bitmap_update(rdpContext *context, const BITMAP_UPDATE *update)
{
	struct client *client = (struct client *)context;

	client->bitmaps += update->number;
	for (UINT32 i = 0; i < update->number; i++)
		client->bitmap_bytes += update->rectangles[i].bitmapLength;
	return bitmap_update_before(context, update);
}

static bool connected(struct kg_connection *connection)
{
	struct client *client = (struct client *)connection;
	rdpUpdate *update = connection->context.update;

	surface_bits_before = update->SurfaceBits;
	update->SurfaceBits = on_surface_bits;
	bitmap_update_before = update->BitmapUpdate;
	update->BitmapUpdate = on_bitmap_update;
	update->SetKeyboardIndicators = on_leds;
	update->pointer->PointerNew = on_pointer_new;
	update->pointer->PointerLarge = on_pointer_large;
	update->pointer->PointerCached = on_pointer_cached;
	update->pointer->PointerSystem = on_pointer_system;
	update->pointer->PointerColor = on_pointer_color;
	update->pointer->PointerPosition = on_pointer_position;
	client->connected = true;
	client->connected_us = kg_now_us();
	return true;
}

/* ---- start, loop, end ---- */

static bool parse(struct client *client, int argc, char **argv)
{
	static const struct option options[] = {
		{ "server", 1, NULL, 's' },	 { "user", 1, NULL, 'u' },     { "password", 1, NULL, 'p' },
		{ "size", 1, NULL, 'z' },	 { "no-graphics", 0, NULL, 'g' }, { "tls", 0, NULL, 't' },
		{ "versions", 1, NULL, 'v' },	 { "record", 1, NULL, 'r' },   { "remotefx", 0, NULL, 'f' }, { 0 },
	};
	struct kg_connection *connection = &client->connection;
	rdpSettings *s = connection->context.settings;
	struct graphics *g = &client->graphics;
	bool right = true;
	int option;

	g->versions[0].version = RDPGFX_CAPVERSION_8;
	g->versions[1] = (struct kg_graphics_version){ RDPGFX_CAPVERSION_107, RDPGFX_CAPS_FLAG_AVC_DISABLED };
	g->version_count = 2;
	while (right && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's': right = kg_connection_set_server(connection, optarg); break;
		case 'u': right = freerdp_settings_set_string(s, FreeRDP_Username, optarg); break;
		case 'p': right = freerdp_settings_set_string(s, FreeRDP_Password, optarg); break;
		case 'z': right = kg_connection_set_size(connection, optarg); break;
		case 'g': right = freerdp_settings_set_bool(s, FreeRDP_SupportGraphicsPipeline, FALSE); break;
		case 'f': right = freerdp_settings_set_bool(s, FreeRDP_RemoteFxCodec, TRUE); break;
		case 't': right = freerdp_settings_set_bool(s, FreeRDP_NlaSecurity, FALSE); break;
		case 'v':
			g->version_count = 0;
			for (char *at = optarg; g->version_count < 16;) {
				int used;

				struct kg_graphics_version *v = &g->versions[g->version_count];

				if (sscanf(at, "%x %x%n", &v->version, &v->flags, &used) != 2)
					break;
				at += used;
				g->version_count++;
			}
			break;
		case 'r': right = (g->record = fopen(optarg, "wb")) != NULL; break;
		default: right = false;
		}
	}
	return right && optind == argc;
}

/* Runs the commands that have come in; false at the end of standard input. */
static bool read_commands(struct client *client)
{
	static char buffer[200000];
	static size_t filled;
	ssize_t n = read(STDIN_FILENO, buffer + filled, sizeof(buffer) - filled - 1);
	char *line = buffer, *end;

	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	filled += (size_t)n;
	buffer[filled] = 0;
	while ((end = strchr(line, '\n'))) {
		*end = 0;
		command_run(client, line);
		line = end + 1;
	}
	filled -= (size_t)(line - buffer);
	memmove(buffer, line, filled);
	return true;
}

static void loop(struct client *client)
{
	while (!client->finished) {
		struct pollfd fds[64] = { { .fd = STDIN_FILENO, .events = POLLIN } };
		size_t count = kg_connection_wait_for(&client->connection, fds + 1, KG_ARRAY_SIZE(fds) - 1);

		if (!count || (poll(fds, count + 1, 100) < 0 && errno != EINTR))
			return;
		if (fds[0].revents && !read_commands(client))
			return;
		if (!kg_connection_handle(&client->connection))
			return;
	}
}

static void print_end(struct client *client, const char *word)
{
	uint32_t code;
	const char *name = kg_connection_error(&client->connection, &code);

	printf("%s 0x%x %s\n", word, code, name);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const struct kg_connection_events events = {
		.connected = connected,
		.graphics_open = graphics_open,
		.graphics_data = graphics_data,
		.graphics_closed = graphics_closed,
	};
	struct kg_connection *connection;
	struct client *client;
	int result = 1;

	if (kg_connection_new(&connection, sizeof(*client), &events) < 0)
		return 1;
	client = (struct client *)connection;
	if (gfx_decoder_init(&client->graphics.decoder) < 0 || !parse(client, argc, argv)) {
		fprintf(stderr, "usage: kagami-test-client --server ADDRESS:PORT --user NAME --password TEXT [--size WxH] "
				"[--no-graphics] [--remotefx] [--tls] [--versions \"HEX FLAGS ...\"] [--record FILE]\n");
		goto out;
	}
	(void)fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	if (!kg_connection_open(connection)) {
		print_end(client, "failed");
		goto out;
	}
	printf("connected\n");
	fflush(stdout);
	loop(client);
	print_end(client, "ended");
	kg_connection_close(connection);
	result = client->violation[0] ? 3 : 0;

out:
	graphics_done(&client->graphics);
	kg_connection_free(connection);
	return result;
}
