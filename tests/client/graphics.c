/* The test client's graphics channel: raw envelopes go to the strict decoder. */
#include "tests/client/client.h"

#include "base/loop.h"

#include <freerdp/channels/rdpgfx.h>

void graphics_advertise(struct client *client)
{
	struct graphics *graphics = &client->graphics;
	uint32_t best = 0, flags = 0;

	for (unsigned i = 0; i < graphics->version_count; i++) {
		const struct kg_graphics_version *v = &graphics->versions[i];

		if (v->version >= best && v->version <= RDPGFX_CAPVERSION_107) {
			best = v->version;
			flags = v->version == RDPGFX_CAPVERSION_101 ? 0 : v->flags;
		}
	}
	gfx_decoder_advertise(&graphics->decoder, best, flags);
	if (!kg_graphics_advertise(&client->connection, graphics->versions, graphics->version_count))
		client_violation(client, "the graphics channel cannot be written");
}

static void acknowledge(struct client *client, uint32_t frame, uint32_t queue_depth)
{
	struct graphics *graphics = &client->graphics;

	if (!kg_graphics_acknowledge(&client->connection, frame, queue_depth, graphics->decoder.frames))
		client_violation(client, "the graphics channel cannot be written");
	graphics->acknowledged = graphics->decoder.frames;
}

void graphics_set_acknowledge(struct client *client, enum acknowledge how)
{
	struct graphics *graphics = &client->graphics;
	enum acknowledge before = graphics->acknowledge;

	graphics->acknowledge = how;
	if (how == ACKNOWLEDGE && before != ACKNOWLEDGE && graphics->decoder.frames)
		acknowledge(client, graphics->decoder.frame, KG_GRAPHICS_DEPTH_UNKNOWN);
	if (how == ACKNOWLEDGE_SUSPENDED && graphics->decoder.frames)
		acknowledge(client, graphics->decoder.frame, KG_GRAPHICS_SUSPEND);
}

bool graphics_data(struct kg_connection *connection, const uint8_t *bytes, size_t size)
{
	struct client *client = (struct client *)connection;
	struct graphics *graphics = &client->graphics;
	uint32_t before = graphics->decoder.frames;
	const char *wrong;

	graphics->bytes += size;
	graphics->last_us = kg_now_us();
	if (graphics->record) {
		uint32_t length = (uint32_t)size;

		fwrite(&length, sizeof(length), 1, graphics->record);
		fwrite(bytes, 1, size, graphics->record);
		fflush(graphics->record);
	}
	wrong = gfx_decode(&graphics->decoder, bytes, size);
	if (wrong) {
		client_violation(client, wrong);
		return false;
	}
	if (graphics->decoder.frames == before)
		return true;
	if (!graphics->first_picture_us)
		graphics->first_picture_us = graphics->last_us;
	if (graphics->acknowledge == ACKNOWLEDGE)
		acknowledge(client, graphics->decoder.frame, KG_GRAPHICS_DEPTH_UNKNOWN);
	return true;
}

/* A channel that is opened again begins with nothing: no history, no surfaces, no frames. */
void graphics_open(struct kg_connection *connection)
{
	struct client *client = (struct client *)connection;

	if (client->graphics.opened++) {
		gfx_decoder_done(&client->graphics.decoder);
		if (gfx_decoder_init(&client->graphics.decoder) < 0)
			return client_violation(client, "no memory");
	}
	graphics_advertise(client);
}

void graphics_closed(struct kg_connection *connection)
{
}

void graphics_done(struct graphics *graphics)
{
	gfx_decoder_done(&graphics->decoder);
	if (graphics->record)
		fclose(graphics->record);
}
