/* The test client's graphics channel: a dynamic channel plug-in that hands raw envelopes to the strict decoder. */
#include "tests/client/client.h"

#include "base/writer.h"

#include <freerdp/addin.h>
#include <freerdp/channels/rdpgfx.h>
#include <freerdp/client/channels.h>
#include <freerdp/dvc.h>

/* FreeRDP's entry points carry no data of ours: one client a process. */
static struct client *the_client;

void graphics_send(struct graphics *graphics, const void *bytes, size_t size)
{
	IWTSVirtualChannel *channel = graphics->channel;

	if (channel && channel->Write(channel, (ULONG)size, bytes, NULL) != CHANNEL_RC_OK)
		client_violation(graphics->client, "the graphics channel cannot be written");
}

void graphics_advertise(struct graphics *graphics)
{
	uint8_t bytes[512];
	struct kg_writer writer = kg_writer_of(bytes, sizeof(bytes));
	uint32_t best = 0, flags = 0;
	uint32_t size = 8 + 2;

	for (unsigned i = 0; i < graphics->version_count; i++)
		size += 8 + (graphics->versions[i] == RDPGFX_CAPVERSION_101 ? 16 : 4);
	kg_write_u16(&writer, RDPGFX_CMDID_CAPSADVERTISE);
	kg_write_u16(&writer, 0);
	kg_write_u32(&writer, size);
	kg_write_u16(&writer, (uint16_t)graphics->version_count);
	for (unsigned i = 0; i < graphics->version_count; i++) {
		bool long_data = graphics->versions[i] == RDPGFX_CAPVERSION_101;

		kg_write_u32(&writer, graphics->versions[i]);
		kg_write_u32(&writer, long_data ? 16 : 4);
		kg_write_u32(&writer, long_data ? 0 : graphics->flags[i]);
		if (long_data)
			kg_write_zeros(&writer, 12);
		if (graphics->versions[i] >= best && graphics->versions[i] <= RDPGFX_CAPVERSION_107) {
			best = graphics->versions[i];
			flags = long_data ? 0 : graphics->flags[i];
		}
	}
	gfx_decoder_advertise(&graphics->decoder, best, flags);
	graphics_send(graphics, bytes, kg_writer_size(&writer));
}

static void acknowledge(struct graphics *graphics, uint32_t frame, uint32_t queue_depth)
{
	uint8_t bytes[20];
	struct kg_writer writer = kg_writer_of(bytes, sizeof(bytes));

	kg_write_u16(&writer, RDPGFX_CMDID_FRAMEACKNOWLEDGE);
	kg_write_u16(&writer, 0);
	kg_write_u32(&writer, sizeof(bytes));
	kg_write_u32(&writer, queue_depth);
	kg_write_u32(&writer, frame);
	kg_write_u32(&writer, graphics->decoder.frames);
	graphics_send(graphics, bytes, sizeof(bytes));
	graphics->acknowledged = graphics->decoder.frames;
}

void graphics_set_acknowledge(struct graphics *graphics, enum acknowledge how)
{
	enum acknowledge before = graphics->acknowledge;

	graphics->acknowledge = how;
	if (how == ACKNOWLEDGE && before != ACKNOWLEDGE && graphics->decoder.frames)
		acknowledge(graphics, graphics->decoder.frame, 0);
	if (how == ACKNOWLEDGE_SUSPENDED && graphics->decoder.frames)
		acknowledge(graphics, graphics->decoder.frame, 0xFFFFFFFF);
}

static UINT on_data(IWTSVirtualChannelCallback *callback, wStream *stream)
{
	struct graphics *graphics = &the_client->graphics;
	size_t size = Stream_GetRemainingLength(stream);
	uint32_t before = graphics->decoder.frames;
	const char *wrong;

	(void)callback;
	graphics->bytes += size;
	graphics->last_us = client_now_us();
	if (graphics->record) {
		uint32_t length = (uint32_t)size;

		fwrite(&length, sizeof(length), 1, graphics->record);
		fwrite(Stream_ConstPointer(stream), 1, size, graphics->record);
		fflush(graphics->record);
	}
	wrong = gfx_decode(&graphics->decoder, Stream_ConstPointer(stream), size);
	if (wrong) {
		client_violation(graphics->client, wrong);
		return ERROR_INVALID_DATA;
	}
	if (graphics->decoder.frames == before)
		return CHANNEL_RC_OK;
	if (!graphics->first_picture_us)
		graphics->first_picture_us = graphics->last_us;
	if (graphics->acknowledge == ACKNOWLEDGE)
		acknowledge(graphics, graphics->decoder.frame, 0);
	return CHANNEL_RC_OK;
}

static UINT on_open(IWTSVirtualChannelCallback *callback)
{
	(void)callback;
	graphics_advertise(&the_client->graphics);
	return CHANNEL_RC_OK;
}

static UINT on_close(IWTSVirtualChannelCallback *callback)
{
	the_client->graphics.channel = NULL;
	free(callback);
	return CHANNEL_RC_OK;
}

static UINT on_connection(IWTSListenerCallback *listener, IWTSVirtualChannel *channel, BYTE *data, BOOL *accept,
			  IWTSVirtualChannelCallback **ret)
{
	IWTSVirtualChannelCallback *callback = calloc(1, sizeof(*callback));

	(void)listener;
	(void)data;
	if (!callback)
		return CHANNEL_RC_NO_MEMORY;
	callback->OnDataReceived = on_data;
	callback->OnOpen = on_open;
	callback->OnClose = on_close;
	/* A channel that is opened again begins with nothing: no history, no surfaces, no frames. */
	if (the_client->graphics.opened++) {
		gfx_decoder_done(&the_client->graphics.decoder);
		if (gfx_decoder_init(&the_client->graphics.decoder) < 0)
			return CHANNEL_RC_NO_MEMORY;
	}
	the_client->graphics.channel = channel;
	*accept = TRUE;
	*ret = callback;
	return CHANNEL_RC_OK;
}

struct plugin {
	IWTSPlugin base;
	IWTSListenerCallback listener;
};

static UINT plugin_initialize(IWTSPlugin *base, IWTSVirtualChannelManager *manager)
{
	struct plugin *plugin = (struct plugin *)base;

	plugin->listener.OnNewChannelConnection = on_connection;
	return manager->CreateListener(manager, RDPGFX_DVC_CHANNEL_NAME, 0, &plugin->listener, NULL);
}

static UINT plugin_terminated(IWTSPlugin *base)
{
	free(base);
	return CHANNEL_RC_OK;
}

static UINT VCAPITYPE plugin_entry(IDRDYNVC_ENTRY_POINTS *points)
{
	struct plugin *plugin = calloc(1, sizeof(*plugin));

	if (!plugin)
		return CHANNEL_RC_NO_MEMORY;
	plugin->base.Initialize = plugin_initialize;
	plugin->base.Terminated = plugin_terminated;
	return points->RegisterPlugin(points, "rdpgfx", &plugin->base);
}

/* Ours in place of FreeRDP's rdpgfx; everything else from FreeRDP. */
static PVIRTUALCHANNELENTRY provide(LPCSTR name, LPCSTR subsystem, LPCSTR type, DWORD flags)
{
	if (name && !strcmp(name, "rdpgfx"))
		return (PVIRTUALCHANNELENTRY)(void *)plugin_entry;
	return freerdp_channels_load_static_addin_entry(name, subsystem, type, flags);
}

void graphics_register(struct client *client)
{
	the_client = client;
	client->graphics.client = client;
	(void)freerdp_register_addin_provider(provide, 0);
}

void graphics_done(struct graphics *graphics)
{
	gfx_decoder_done(&graphics->decoder);
	if (graphics->record)
		fclose(graphics->record);
}
