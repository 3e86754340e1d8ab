/* A headless connection to an RDP server. */
#include "bench/client/connection.h"

#include "base/loop.h"
#include "bench/client/graphics.h"

#include <freerdp/client/channels.h>
#include <freerdp/client/cmdline.h>
#include <freerdp/error.h>
#include <freerdp/event.h>
#include <freerdp/gdi/gdi.h>
#include <freerdp/gdi/gfx.h>
#include <freerdp/settings.h>
#include <freerdp/transport_io.h>
#include <winpr/synch.h>
#include <winpr/wlog.h>

#include <stdio.h>

static struct kg_connection *connection_of(rdpContext *context)
{
	return (struct kg_connection *)context;
}

/* ---- what FreeRDP calls ---- */

static pTCPConnect tcp_connect_before;		// FreeRDP's own, the same for all

static int tcp_connect(rdpContext *context, rdpSettings *settings, const char *host, int port, DWORD timeout)
{
	struct kg_connection *connection = connection_of(context);

	connection->start_us = kg_now_us();
	connection->fd = tcp_connect_before(context, settings, host, port, timeout);
	return connection->fd;
}

static bool watch_tcp(rdpContext *context)
{
	const rdpTransportIo *before = freerdp_get_io_callbacks(context);
	rdpTransportIo now;

	if (!before)
		return false;
	now = *before;
	tcp_connect_before = now.TCPConnect;
	now.TCPConnect = tcp_connect;
	return freerdp_set_io_callbacks(context, &now);
}

static void channel_connected(void *data, const ChannelConnectedEventArgs *e)
{
	struct kg_connection *connection = connection_of(data);

	if (!connection->stock || strcmp(e->name, RDPGFX_DVC_CHANNEL_NAME))
		return;
	if (gdi_graphics_pipeline_init(connection->context.gdi, e->pInterface))
		connection->events->pipeline(connection, e->pInterface);
}

static void channel_disconnected(void *data, const ChannelDisconnectedEventArgs *e)
{
	struct kg_connection *connection = connection_of(data);

	if (connection->stock && !strcmp(e->name, RDPGFX_DVC_CHANNEL_NAME))
		gdi_graphics_pipeline_uninit(connection->context.gdi, e->pInterface);
}

static BOOL pre_connect(freerdp *instance)
{
	return TRUE;
}

static BOOL on_resize_blind(rdpContext *context)
{
	return TRUE;
}

static BOOL on_resize(rdpContext *context)
{
	return gdi_resize(context->gdi, freerdp_settings_get_uint32(context->settings, FreeRDP_DesktopWidth),
			  freerdp_settings_get_uint32(context->settings, FreeRDP_DesktopHeight));
}

static BOOL post_connect(freerdp *instance)
{
	struct kg_connection *connection = connection_of(instance->context);

	if (!connection->blind && !gdi_init(instance, PIXEL_FORMAT_BGRX32))
		return FALSE;
	instance->context->update->DesktopResize = connection->blind ? on_resize_blind : on_resize;
	return connection->events->connected(connection);
}

static void post_disconnect(freerdp *instance)
{
	if (instance->context->gdi)
		gdi_free(instance);
}

static BOOL load_channels(freerdp *instance)
{
	return freerdp_client_load_addins(instance->context->channels, instance->context->settings);
}

/* ---- made, opened, closed ---- */

static bool set_defaults(rdpSettings *s)
{
	return freerdp_settings_set_bool(s, FreeRDP_IgnoreCertificate, TRUE) &&
	       freerdp_settings_set_bool(s, FreeRDP_SupportGraphicsPipeline, TRUE) &&
	       freerdp_settings_set_bool(s, FreeRDP_SupportDynamicChannels, TRUE) &&
	       freerdp_settings_set_bool(s, FreeRDP_SynchronousDynamicChannels, TRUE) &&
	       freerdp_settings_set_bool(s, FreeRDP_SynchronousStaticChannels, TRUE) &&
	       freerdp_settings_set_bool(s, FreeRDP_RdpSecurity, FALSE) &&
	       freerdp_settings_set_bool(s, FreeRDP_SupportDisplayControl, FALSE) &&
	       freerdp_settings_set_bool(s, FreeRDP_AudioPlayback, FALSE) &&
	       freerdp_settings_set_bool(s, FreeRDP_RedirectClipboard, FALSE) &&
	       freerdp_settings_set_bool(s, FreeRDP_NetworkAutoDetect, FALSE) &&
	       freerdp_settings_set_bool(s, FreeRDP_AsyncUpdate, FALSE) &&
	       freerdp_settings_set_bool(s, FreeRDP_AsyncChannels, FALSE) &&
	       freerdp_settings_set_uint32(s, FreeRDP_ThreadingFlags, THREADING_FLAGS_DISABLE_THREADS) &&
	       freerdp_settings_set_uint32(s, FreeRDP_ColorDepth, 32) &&
	       freerdp_settings_set_uint32(s, FreeRDP_TcpConnectTimeout, 10000);
}

int kg_connection_new(struct kg_connection **ret, size_t size, const struct kg_connection_events *events)
{
	static bool registered;
	freerdp *instance = freerdp_new();
	struct kg_connection *connection;

	if (!instance)
		return -ENOMEM;
	if (!registered) {
		kg_graphics_register();
		(void)WLog_SetLogLevel(WLog_GetRoot(), getenv("CLIENT_LOG") ? WLOG_DEBUG : WLOG_OFF);
	}
	registered = true;
	instance->ContextSize = size;
	instance->PreConnect = pre_connect;
	instance->PostConnect = post_connect;
	instance->PostDisconnect = post_disconnect;
	instance->LoadChannels = load_channels;
	if (!freerdp_context_new(instance)) {
		freerdp_free(instance);
		return -ENOMEM;
	}
	connection = connection_of(instance->context);
	connection->events = events;
	connection->fd = -1;
	if (!watch_tcp(instance->context) || !set_defaults(instance->context->settings) ||
	    PubSub_SubscribeChannelConnected(instance->context->pubSub, channel_connected) < 0 ||
	    PubSub_SubscribeChannelDisconnected(instance->context->pubSub, channel_disconnected) < 0) {
		kg_connection_free(connection);
		return -ENOMEM;
	}
	*ret = connection;
	return 0;
}

void kg_connection_free(struct kg_connection *connection)
{
	freerdp *instance;

	if (!connection)
		return;
	instance = connection->context.instance;
	freerdp_context_free(instance);
	freerdp_free(instance);
}

bool kg_connection_set_server(struct kg_connection *connection, const char *address)
{
	rdpSettings *settings = connection->context.settings;
	char host[256];
	unsigned port;

	return (sscanf(address, "[%255[^]]]:%u", host, &port) == 2 ||
		sscanf(address, "%255[^:]:%u", host, &port) == 2) &&
	       port < 65536 && freerdp_settings_set_string(settings, FreeRDP_ServerHostname, host) &&
	       freerdp_settings_set_uint32(settings, FreeRDP_ServerPort, port);
}

bool kg_connection_set_size(struct kg_connection *connection, const char *size)
{
	rdpSettings *settings = connection->context.settings;
	unsigned width, height;

	return sscanf(size, "%ux%u", &width, &height) == 2 &&
	       freerdp_settings_set_uint32(settings, FreeRDP_DesktopWidth, width) &&
	       freerdp_settings_set_uint32(settings, FreeRDP_DesktopHeight, height);
}

bool kg_connection_open(struct kg_connection *connection)
{
	rdpSettings *settings = connection->context.settings;

	return freerdp_settings_set_bool(settings, FreeRDP_DeactivateClientDecoding, connection->blind) &&
	       freerdp_connect(connection->context.instance);
}

void kg_connection_close(struct kg_connection *connection)
{
	(void)freerdp_disconnect(connection->context.instance);
	connection->fd = -1;
}

size_t kg_connection_wait_for(struct kg_connection *connection, struct pollfd *fds, size_t count)
{
	HANDLE handles[MAXIMUM_WAIT_OBJECTS];
	DWORD n;

	if (freerdp_shall_disconnect_context(&connection->context))
		return 0;
	n = freerdp_get_event_handles(&connection->context, handles, KG_ARRAY_SIZE(handles));
	if (n > count)
		return 0;
	for (DWORD i = 0; i < n; i++)
		fds[i] = (struct pollfd){ .fd = GetEventFileDescriptor(handles[i]), .events = POLLIN };
	return n;
}

bool kg_connection_handle(struct kg_connection *connection)
{
	return freerdp_check_event_handles(&connection->context) &&
	       !freerdp_shall_disconnect_context(&connection->context);
}

const char *kg_connection_error(struct kg_connection *connection, uint32_t *ret_code)
{
	uint32_t info = freerdp_error_info(connection->context.instance);

	*ret_code = info ? info : freerdp_get_last_error(&connection->context);
	return info ? freerdp_get_error_info_name(info) : freerdp_get_last_error_name(*ret_code);
}

bool kg_connection_send_graphics(struct kg_connection *connection, const void *bytes, size_t size)
{
	IWTSVirtualChannel *channel = connection->graphics;

	return !channel || channel->Write(channel, (ULONG)size, bytes, NULL) == CHANNEL_RC_OK;
}
