/* FreeRDP's peer: settings and callbacks. */
#define KG_TOPIC "peer"
#include "server/session/peer.h"

#include "base/log.h"
#include "base/loop.h"
#include "server/session/compat.h"
#include "server/session/input.h"
#include "server/session/login.h"
#include "server/session/session.h"
#include "server/session/wlog.h"

#include <freerdp/channels/channels.h>
#include <freerdp/channels/drdynvc.h>
#include <freerdp/channels/wtsvc.h>
#include <freerdp/crypto/certificate.h>
#include <freerdp/crypto/privatekey.h>
#include <freerdp/error.h>
#include <freerdp/session.h>
#include <freerdp/settings.h>
#include <freerdp/update.h>
#include <poll.h>
#include <sys/socket.h>
#include <winpr/wtsapi.h>

#define TLS_1_2 0x0303
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"	// of TLS 1.2; those of 1.3 are all good
#define UPDATE_SIZE_MAX (1u << 20)		// of a fast-path update: takes the largest pointer; mstsc refuses above 8 MiB
#define GOODBYE_MS 300

/* ---- callbacks ---- */

/* The end of NLA, or, with TLS only, before anything is known of the user. Before FreeRDP 3.22 FALSE does not end the
 * connection: kg_session_end() does. */
static BOOL on_logon(freerdp_peer *peer, const SEC_WINNT_AUTH_IDENTITY *identity, BOOL automatic)
{
	struct kg_session *session = kg_session_of(peer->context);
	int r;

	if (session->security == KG_SECURITY_TLS && !automatic)
		return TRUE;	// on_post_connect() decides
	r = session->security == KG_SECURITY_NLA && automatic ? kg_login_nla(session) : -EACCES;
	if (r < 0) {
		kg_info("log-in refused");
		kg_session_end(session, KG_END_REFUSED);
	}
	return r >= 0;
}

/* Capabilities go out: all that a desktop must know to be started is here, a round trip before the client is active. */
static BOOL on_capabilities(freerdp_peer *peer)
{
	struct kg_session *session = kg_session_of(peer->context);

	/* A client may ask for fewer colours; it takes what the server's capabilities say. */
	if (!freerdp_settings_set_uint32(kg_session_settings(session), FreeRDP_ColorDepth, 32))
		return FALSE;
	if (session->state == KG_SESSION_IS_WELCOME && session->view.state == KG_VIEW_IS_NONE && !session->ending)
		return kg_view_attach(&session->view) >= 0;
	return TRUE;
}

static BOOL on_post_connect(freerdp_peer *peer)
{
	struct kg_session *session = kg_session_of(peer->context);
	int r = 0;

	session->reachable = true;
	if (session->state == KG_SESSION_IS_HANDSHAKE)
		r = session->security == KG_SECURITY_TLS ? kg_login_password(session) : -EACCES;
	if (r >= 0 && session->view.state == KG_VIEW_IS_NONE)
		r = kg_view_attach(&session->view);
	if (r < 0) {
		kg_info("log-in refused");
		kg_session_end(session, KG_END_REFUSED);
	}
	return TRUE;	// the client is told first
}

static bool has_graphics(const struct kg_session *session)
{
	return freerdp_settings_get_bool(kg_session_settings(session), FreeRDP_SupportGraphicsPipeline) &&
	       WTSVirtualChannelManagerIsChannelJoined(session->channels, DRDYNVC_SVC_CHANNEL_NAME);
}

/* The cookie by which the client comes back without asking its user ([MS-RDPBCGR] 5.5). */
static bool send_cookie(struct kg_session *session)
{
	rdpContext *context = session->peer->context;
	logon_info_ex info = { .haveCookie = TRUE, .LogonId = session->logon_id };

	memcpy(info.ArcRandomBits, session->reconnect_random, sizeof(info.ArcRandomBits));
	return context->update->SaveSessionInfo(context, INFO_TYPE_LOGON_EXTENDED_INF, &info);
}

static bool first_activation(struct kg_session *session)
{
	rdpSettings *settings = kg_session_settings(session);

	if (!freerdp_settings_get_bool(settings, FreeRDP_FastPathOutput)) {
		kg_err(-ENOTSUP, "the client takes no fast-path updates");
		return false;
	}
	session->gfx.wanted = has_graphics(session);
	session->view.path = session->gfx.wanted ? KG_PATH_GRAPHICS : KG_PATH_BITMAP;
	kg_info("the client is active: %ux%u, build %u, %s", freerdp_settings_get_uint32(settings, FreeRDP_DesktopWidth),
		freerdp_settings_get_uint32(settings, FreeRDP_DesktopHeight),
		freerdp_settings_get_uint32(settings, FreeRDP_ClientBuild),
		session->gfx.wanted ? "graphics pipeline" : "bitmaps");
	kg_transport_set_batching(&session->transport, true);
	return !freerdp_settings_get_bool(settings, FreeRDP_AutoReconnectionPacketSupported) || send_cookie(session);
}

static BOOL on_activate(freerdp_peer *peer)
{
	struct kg_session *session = kg_session_of(peer->context);
	bool again = session->state == KG_SESSION_IS_REACTIVATING;

	if (session->ending)
		return TRUE;
	if (session->state == KG_SESSION_IS_HANDSHAKE)
		return FALSE;
	if (!again && session->state != KG_SESSION_IS_ACTIVE && !first_activation(session))
		return FALSE;
	session->state = KG_SESSION_IS_ACTIVE;
	if (again && kg_pointer_resend(&session->pointer) < 0)
		return FALSE;
	return kg_view_activate(&session->view) >= 0;
}

static BOOL on_suppress(rdpContext *context, BYTE allow, const RECTANGLE_16 *area)
{
	kg_view_suppress(&kg_session_of(context)->view, !allow);
	return TRUE;
}

/* The rectangles are inclusive ([MS-RDPBCGR] 2.2.11.2.1); one that holds them all is sent on. */
static BOOL on_refresh(rdpContext *context, BYTE count, const RECTANGLE_16 *areas)
{
	UINT16 left = UINT16_MAX, top = UINT16_MAX, right = 0, bottom = 0;

	for (BYTE i = 0; areas && i < count; i++) {
		left = KG_MIN(left, areas[i].left);
		top = KG_MIN(top, areas[i].top);
		right = KG_MAX(right, areas[i].right);
		bottom = KG_MAX(bottom, areas[i].bottom);
	}
	if (count > 0 && right < UINT16_MAX && bottom < UINT16_MAX)
		kg_view_refresh(&kg_session_of(context)->view, left, top, right + 1, bottom + 1);
	return TRUE;
}

/* ---- settings ---- */

static bool set_bools(rdpSettings *settings, bool nla)
{
	const struct {
		FreeRDP_Settings_Keys_Bool key;
		BOOL value;
	} values[] = {
		{ FreeRDP_RdpSecurity, FALSE },
		{ FreeRDP_TlsSecurity, !nla },
		{ FreeRDP_NlaSecurity, nla },
		{ FreeRDP_RdstlsSecurity, FALSE },
		{ FreeRDP_ExtSecurity, FALSE },
		{ FreeRDP_WaitForOutputBufferFlush, FALSE },	// a slow client must not stop the loop
		{ FreeRDP_SupportDynamicChannels, TRUE },
		{ FreeRDP_SupportGraphicsPipeline, TRUE },
		{ FreeRDP_SupportMultitransport, FALSE },
		{ FreeRDP_NetworkAutoDetect, FALSE },
		{ FreeRDP_RemoteFxCodec, TRUE },
		{ FreeRDP_NSCodec, FALSE },
		{ FreeRDP_FastPathInput, TRUE },
		{ FreeRDP_FastPathOutput, TRUE },
		{ FreeRDP_UnicodeInput, TRUE },
		{ FreeRDP_HasExtendedMouseEvent, TRUE },
		{ FreeRDP_HasHorizontalWheel, TRUE },
		{ FreeRDP_HasRelativeMouseEvent, TRUE },
		{ FreeRDP_RefreshRect, TRUE },
		{ FreeRDP_SuppressOutput, TRUE },
		{ FreeRDP_DesktopResize, TRUE },
		{ FreeRDP_SupportErrorInfoPdu, TRUE },
		{ FreeRDP_AutoReconnectionPacketSupported, TRUE },
	};

	for (size_t i = 0; i < KG_ARRAY_SIZE(values); i++) {
		if (!freerdp_settings_set_bool(settings, values[i].key, values[i].value))
			return false;
	}
	return true;
}

static bool set_numbers(rdpSettings *settings)
{
	const struct {
		FreeRDP_Settings_Keys_UInt32 key;
		UINT32 value;
	} values[] = {
		{ FreeRDP_TlsSecLevel, 2 },
		{ FreeRDP_ColorDepth, 32 },
		{ FreeRDP_MultifragMaxRequestSize, UPDATE_SIZE_MAX },
		{ FreeRDP_LargePointerFlag, LARGE_POINTER_FLAG_96x96 | LARGE_POINTER_FLAG_384x384 },
		{ FreeRDP_PointerCacheSize, KG_POINTER_SLOTS },
		{ FreeRDP_ColorPointerCacheSize, KG_POINTER_SLOTS },
		{ FreeRDP_VCFlags, VCCAPS_NO_COMPR },
		{ FreeRDP_VCChunkSize, CHANNEL_CHUNK_LENGTH },
		{ FreeRDP_OsMajorType, OSMAJORTYPE_UNIX },
	};

	for (size_t i = 0; i < KG_ARRAY_SIZE(values); i++) {
		if (!freerdp_settings_set_uint32(settings, values[i].key, values[i].value))
			return false;
	}
	return true;
}

/* The settings own certificate and key once they have them. */
static bool set_identity(rdpSettings *settings, const char *certificate_pem, const char *key_pem)
{
	rdpCertificate *certificate = freerdp_certificate_new_from_pem(certificate_pem);
	rdpPrivateKey *key = freerdp_key_new_from_pem(key_pem);

	if (!certificate || !key) {
		freerdp_certificate_free(certificate);
		freerdp_key_free(key);
		return false;
	}
	if (!freerdp_settings_set_pointer_len(settings, FreeRDP_RdpServerCertificate, certificate, 1)) {
		freerdp_certificate_free(certificate);
		freerdp_key_free(key);
		return false;
	}
	if (!freerdp_settings_set_pointer_len(settings, FreeRDP_RdpServerRsaKey, key, 1)) {
		freerdp_key_free(key);
		return false;
	}
	return true;
}

static bool set_all(struct kg_session *session, const char *certificate, const char *key)
{
	rdpSettings *settings = kg_session_settings(session);
	bool nla = session->security == KG_SECURITY_NLA;

	return set_bools(settings, nla) && set_numbers(settings) && set_identity(settings, certificate, key) &&
	       freerdp_settings_set_uint16(settings, FreeRDP_TLSMinVersion, TLS_1_2) &&
	       freerdp_settings_set_string(settings, FreeRDP_AllowedTlsCiphers, CIPHERS) &&
	       freerdp_settings_set_string(settings, FreeRDP_SspiModule, "");	// this program: see security.c
}

/* ---- the object ---- */

static void set_callbacks(struct kg_session *session)
{
	freerdp_peer *peer = session->peer;
	rdpUpdate *update = peer->context->update;

	peer->Logon = on_logon;
	peer->Capabilities = on_capabilities;
	peer->PostConnect = on_post_connect;
	peer->Activate = on_activate;
	update->SuppressOutput = on_suppress;
	update->RefreshRect = on_refresh;
	update->autoCalculateBitmapData = FALSE;	// the flags of a bitmap come from us
	kg_session_input_init(session);
}

int kg_peer_init(struct kg_session *session, const char *certificate, const char *key)
{
	freerdp_peer *peer = freerdp_peer_new(KG_SESSION_TCP_FD);
	int r;

	if (!peer)
		return -ENOMEM;
	session->peer = peer;
	peer->ContextSize = sizeof(struct kg_peer_context);
	if (!freerdp_peer_context_new(peer))
		return kg_err(-ENOMEM, "FreeRDP cannot make a peer");
	((struct kg_peer_context *)peer->context)->session = session;
	if (!set_all(session, certificate, key))
		return kg_err(-EINVAL, "FreeRDP does not take the settings or the certificate");
	set_callbacks(session);
	r = kg_transport_init(&session->transport, peer->context);
	if (r < 0)
		return r;
	if (!peer->Initialize(peer))
		return kg_err(-EINVAL, "FreeRDP cannot initialize the peer");
	session->channels = WTSOpenServerA((LPSTR)peer->context);
	if (!session->channels || session->channels == INVALID_HANDLE_VALUE)
		return kg_err(-ENOMEM, "FreeRDP cannot make the virtual channels");
	return 0;
}

void kg_peer_done(struct kg_session *session)
{
	freerdp_peer *peer = session->peer;

	if (!peer)
		return;
	if (peer->context) {
		session->transport.batching = false;
		peer->Disconnect(peer);
	}
	if (session->channels && session->channels != INVALID_HANDLE_VALUE)
		WTSCloseServer(session->channels);
	freerdp_peer_context_free(peer);
	freerdp_peer_free(peer);
	kg_transport_done(&session->transport);
	session->channels = NULL;
	session->peer = NULL;
}

/* ---- the end ---- */

/* What clients show their users ([MS-RDPBCGR] 2.2.5.1.1). */
static UINT32 error_info(enum kg_end_reason reason)
{
	switch (reason) {
	case KG_END_CLOSED:
		return ERRINFO_LOGOFF_BY_USER;
	case KG_END_TAKEN_OVER:
		return ERRINFO_DISCONNECTED_BY_OTHER_CONNECTION;
	case KG_END_SHUTDOWN:
		return ERRINFO_RPC_INITIATED_LOGOFF;
	case KG_END_NO_DESKTOP:
		return ERRINFO_CB_DESTINATION_NOT_FOUND;
	case KG_END_DESKTOP_LOST:
		return ERRINFO_SERVER_DWM_CRASH;
	case KG_END_REFUSED:
		return ERRINFO_SERVER_DENIED_CONNECTION;
	case KG_END_KICKED:
	default:
		return ERRINFO_RPC_INITIATED_DISCONNECT;
	}
}

/*
 * A socket that is closed while bytes of the client are unread is reset, and the client then throws away what it had not
 * read yet: the reason. So they are read, until the client closes as well or the time is over.
 */
static void wait_for_client(void)
{
	struct pollfd readable = { .fd = KG_SESSION_TCP_FD, .events = POLLIN };
	uint64_t end = kg_now_us() + GOODBYE_MS * 1000, now;
	uint8_t bytes[4096];

	(void)shutdown(KG_SESSION_TCP_FD, SHUT_WR);
	while ((now = kg_now_us()) < end && poll(&readable, 1, (int)((end - now) / 1000) + 1) > 0) {
		ssize_t size = read(KG_SESSION_TCP_FD, bytes, sizeof(bytes));

		if (size == 0 || (size < 0 && errno != EAGAIN))
			break;
	}
}

void kg_peer_say_goodbye(struct kg_session *session)
{
	freerdp_peer *peer = session->peer;
	struct pollfd writable = { .fd = KG_SESSION_TCP_FD, .events = POLLOUT };

	if (!session->reachable || session->transport.failed)
		return;
	kg_wlog_mute(true);	// it logs the reason as an error
	/* Close() would send the reason only to clients that announce that they know it: xfreerdp knows it and does not. */
	freerdp_set_error_info(peer->context->rdp, error_info(session->reason));
	(void)freerdp_send_error_info(peer->context->rdp);
	(void)peer->Close(peer);
	kg_transport_set_batching(&session->transport, false);
	for (int i = 0; i < 2 && peer->IsWriteBlocked(peer); i++) {
		if (poll(&writable, 1, GOODBYE_MS) <= 0 || peer->DrainOutputBuffer(peer) < 0)
			break;
	}
	if (!peer->IsWriteBlocked(peer))
		wait_for_client();
}
