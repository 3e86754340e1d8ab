/* The graphics channel of a connection, raw or decoded by FreeRDP. */
#include "bench/client/graphics.h"

#include "base/writer.h"
#include "bench/client/connection.h"

#include <freerdp/addin.h>
#include <freerdp/channels/rdpgfx.h>
#include <freerdp/client/channels.h>
#include <freerdp/dvc.h>
#include <freerdp/gdi/gdi.h>

/* ---- raw ---- */

struct raw_plugin {
	GENERIC_DYNVC_PLUGIN base;
	struct kg_connection *connection;
};

static struct kg_connection *connection_of(IWTSVirtualChannelCallback *callback)
{
	return ((struct raw_plugin *)((GENERIC_CHANNEL_CALLBACK *)callback)->plugin)->connection;
}

static UINT raw_init(GENERIC_DYNVC_PLUGIN *plugin, rdpContext *context, rdpSettings *settings)
{
	((struct raw_plugin *)plugin)->connection = (struct kg_connection *)context;
	return CHANNEL_RC_OK;
}

static UINT raw_open(IWTSVirtualChannelCallback *callback)
{
	struct kg_connection *connection = connection_of(callback);

	connection->graphics = ((GENERIC_CHANNEL_CALLBACK *)callback)->channel;
	connection->events->graphics_open(connection);
	return CHANNEL_RC_OK;
}

static UINT raw_data(IWTSVirtualChannelCallback *callback, wStream *stream)
{
	struct kg_connection *connection = connection_of(callback);
	bool right = connection->events->graphics_data(connection, Stream_ConstPointer(stream),
						       Stream_GetRemainingLength(stream));

	return right ? CHANNEL_RC_OK : ERROR_INVALID_DATA;
}

static UINT raw_close(IWTSVirtualChannelCallback *callback)
{
	struct kg_connection *connection = connection_of(callback);

	connection->graphics = NULL;
	connection->events->graphics_closed(connection);
	free(callback);
	return CHANNEL_RC_OK;
}

static UINT load_raw(IDRDYNVC_ENTRY_POINTS *points)
{
	static const IWTSVirtualChannelCallback callbacks = { raw_data, raw_open, raw_close, NULL };

	return freerdp_generic_DVCPluginEntry(points, "kagami.graphics", RDPGFX_DVC_CHANNEL_NAME,
					      sizeof(struct raw_plugin),
					      sizeof(GENERIC_CHANNEL_CALLBACK), &callbacks, raw_init, NULL);
}

/* ---- stock: FreeRDP's plug-in, with a function before and after the one that reads ---- */

static const IWTSVirtualChannelCallback *stock_callbacks;	// constant, the same for all connections

static UINT stock_data(IWTSVirtualChannelCallback *callback, wStream *stream)
{
	RdpgfxClientContext *pipeline = ((GENERIC_CHANNEL_CALLBACK *)callback)->plugin->pInterface;
	rdpGdi *gdi = pipeline->custom;
	struct kg_connection *connection = (struct kg_connection *)gdi->context;
	UINT result;

	connection->events->decoding(connection, Stream_GetRemainingLength(stream));
	result = stock_callbacks->OnDataReceived(callback, stream);
	connection->events->decoded(connection);
	return result;
}

static UINT load_stock(IDRDYNVC_ENTRY_POINTS *points)
{
	static IWTSVirtualChannelCallback callbacks;
	PVIRTUALCHANNELENTRY entry = freerdp_channels_load_static_addin_entry("rdpgfx", NULL, NULL,
									      FREERDP_ADDIN_CHANNEL_DYNAMIC);
	GENERIC_DYNVC_PLUGIN *plugin;
	UINT result;

	if (!entry)
		return ERROR_INVALID_FUNCTION;
	result = ((PDVC_PLUGIN_ENTRY)(void *)entry)(points);
	plugin = (GENERIC_DYNVC_PLUGIN *)points->GetPlugin(points, RDPGFX_DVC_CHANNEL_NAME);
	if (result != CHANNEL_RC_OK || !plugin)
		return result ? result : ERROR_INVALID_FUNCTION;
	stock_callbacks = plugin->channel_callbacks;
	callbacks = *stock_callbacks;
	callbacks.OnDataReceived = stock_data;
	plugin->channel_callbacks = &callbacks;
	return CHANNEL_RC_OK;
}

static UINT VCAPITYPE load(IDRDYNVC_ENTRY_POINTS *points)
{
	struct kg_connection *connection = (struct kg_connection *)points->GetRdpContext(points);

	return connection->stock ? load_stock(points) : load_raw(points);
}

/* Ours for rdpgfx; everything else from FreeRDP. */
static PVIRTUALCHANNELENTRY provide(LPCSTR name, LPCSTR subsystem, LPCSTR type, DWORD flags)
{
	if (name && !strcmp(name, "rdpgfx"))
		return (PVIRTUALCHANNELENTRY)(void *)load;
	return freerdp_channels_load_static_addin_entry(name, subsystem, type, flags);
}

void kg_graphics_register(void)
{
	(void)freerdp_register_addin_provider(provide, 0);
}

/* ---- messages ---- */

bool kg_graphics_advertise(struct kg_connection *connection, const struct kg_graphics_version *versions, size_t count)
{
	uint8_t bytes[512];
	struct kg_writer writer = kg_writer_of(bytes, sizeof(bytes));
	uint32_t size = 8 + 2;

	for (size_t i = 0; i < count; i++)
		size += 8 + (versions[i].version == RDPGFX_CAPVERSION_101 ? 16 : 4);
	kg_write_u16(&writer, RDPGFX_CMDID_CAPSADVERTISE);
	kg_write_u16(&writer, 0);
	kg_write_u32(&writer, size);
	kg_write_u16(&writer, (uint16_t)count);
	for (size_t i = 0; i < count; i++) {
		bool reserved = versions[i].version == RDPGFX_CAPVERSION_101;	// 2.2.3.4: 16 bytes in place of flags

		kg_write_u32(&writer, versions[i].version);
		kg_write_u32(&writer, reserved ? 16 : 4);
		kg_write_u32(&writer, reserved ? 0 : versions[i].flags);
		if (reserved)
			kg_write_zeros(&writer, 12);
	}
	return kg_writer_ok(&writer) && kg_connection_send_graphics(connection, bytes, kg_writer_size(&writer));
}

bool kg_graphics_acknowledge(struct kg_connection *connection, uint32_t frame, uint32_t queue_depth, uint32_t decoded)
{
	uint8_t bytes[20];
	struct kg_writer writer = kg_writer_of(bytes, sizeof(bytes));

	kg_write_u16(&writer, RDPGFX_CMDID_FRAMEACKNOWLEDGE);
	kg_write_u16(&writer, 0);
	kg_write_u32(&writer, sizeof(bytes));
	kg_write_u32(&writer, queue_depth);
	kg_write_u32(&writer, frame);
	kg_write_u32(&writer, decoded);
	return kg_connection_send_graphics(connection, bytes, sizeof(bytes));
}
