/* Between FreeRDP and its TLS: see the header. FreeRDP calls back for each PDU that it reads or writes. */
#define KG_TOPIC "transport"
#include "server/session/transport.h"

#include "base/log.h"
#include "base/reader.h"
#include "server/session/session.h"

#include <winpr/stream.h>

#define RECORD_SIZE 16384	// the longest TLS record
#define TPKT_VERSION 3

static struct kg_transport *transport_of(rdpTransport *transport)
{
	return &kg_session_of(transport_get_context(transport))->transport;
}

/*
 * rdesktop up to 1.9 writes subHeight and subInterval of its ErectDomainRequest ([MS-RDPBCGR] 2.2.1.5) as 16-bit numbers
 * where a length and a number belong; FreeRDP then misses bytes and closes. We put what it means.
 */
static const uint8_t erect_domain_broken[] = { 0x03, 0x00, 0x00, 0x0c, 0x02, 0xf0, 0x80, 0x04, 0x00, 0x01, 0x00, 0x01 };
static const uint8_t erect_domain_right[] = { 0x03, 0x00, 0x00, 0x0c, 0x02, 0xf0, 0x80, 0x04, 0x01, 0x00, 0x01, 0x00 };

/* The first byte of all is a TPKT's version. FreeRDP would take another for a fast-path PDU and wait for its rest. */
static bool is_rdp(struct kg_transport *transport, wStream *stream, int r)
{
	bool right = r < 0 || (r == 0 && Stream_GetPosition(stream) == 0) || Stream_Buffer(stream)[0] == TPKT_VERSION;

	if (r > 0)
		transport->greeted = true;
	return right;
}

/*
 * The Client Info PDU ([MS-RDPBCGR] 2.2.1.11) has the password once more, also after NLA, when nobody needs it: it is blanked
 * before FreeRDP makes copies, one of which would be the buffer that it came in. Whatever else has come is left as it is.
 */
static void blank_password(struct kg_transport *transport, uint8_t *pdu, size_t size, bool keep)
{
	enum { TPKT_AND_X224 = 7, SEND_DATA_REQUEST = 0x64, INFO_PACKET = 0x40, WIDE = 0x10 };
	struct kg_reader reader = kg_reader_of(pdu, size);
	uint16_t sizes[5];
	uint32_t flags, end;
	const uint8_t *password;

	(void)kg_read_bytes(&reader, TPKT_AND_X224);
	if (kg_read_u8(&reader) != SEND_DATA_REQUEST)
		return;
	(void)kg_read_bytes(&reader, 5);		// who, to which channel, how urgently
	if (kg_read_u8(&reader) & 0x80)			// a length of one byte or of two
		(void)kg_read_u8(&reader);
	flags = kg_read_u32(&reader);
	if (!kg_reader_ok(&reader) || !(flags & INFO_PACKET))
		return;
	(void)kg_read_u32(&reader);			// code page, or keyboard
	end = kg_read_u32(&reader) & WIDE ? 2 : 1;	// the size of a zero behind each text
	for (size_t i = 0; i < KG_ARRAY_SIZE(sizes); i++)
		sizes[i] = kg_read_u16(&reader);
	(void)kg_read_bytes(&reader, sizes[0] + end);	// domain
	(void)kg_read_bytes(&reader, sizes[1] + end);	// user
	password = kg_read_bytes(&reader, sizes[2]);
	if (password && keep && sizes[2] <= KG_CLIENT_PASSWORD_MAX) {
		transport->password.wide = end == 2;
		transport->password.size = sizes[2];
		memcpy(transport->password.bytes, password, sizes[2]);
	}
	if (password)
		explicit_bzero(pdu + (password - pdu), sizes[2]);
	transport->blanked = true;
}

static int read_pdu(rdpTransport *rdp, wStream *stream)
{
	struct kg_transport *transport = transport_of(rdp);
	struct kg_session *session = kg_session_of(transport->context);
	int r = transport->refused ? -1 : transport->original.ReadPdu(rdp, stream);

	if (!transport->greeted && !is_rdp(transport, stream, r)) {
		kg_info("the client does not speak RDP");
		return -1;
	}
	if (r > 0 && session->security == KG_SECURITY_NLA && session->login && Stream_Buffer(stream)[0] == KG_TSREQUEST_TAG &&
	    kg_tsrequest_read(&session->binding, Stream_Buffer(stream), (size_t)r) < 0) {
		kg_info("the client's log-in is malformed");
		return -1;
	}
	if (r > 0 && !transport->blanked)
		blank_password(transport, Stream_Buffer(stream), (size_t)r, session->security == KG_SECURITY_TLS);
	if (r == sizeof(erect_domain_broken) && !transport->domain_erected &&
	    !memcmp(Stream_Buffer(stream), erect_domain_broken, sizeof(erect_domain_broken))) {
		memcpy(Stream_Buffer(stream), erect_domain_right, sizeof(erect_domain_right));
		transport->domain_erected = true;
	}
	return r;
}

/*
 * X.224's answer with RDP_NEG_FAILURE ([MS-RDPBCGR] 2.2.1.2.2): FreeRDP takes the reason's number for the choice it has made, and
 * waits for TLS. There is nothing to wait for.
 */
static void note_answer(struct kg_transport *transport, const uint8_t *pdu, size_t size)
{
	enum { KIND = 5, CONFIRM = 0xd0, NEGOTIATION = 11, FAILURE = 3, END = 19 };

	transport->answered = true;
	transport->refused = size >= END && pdu[KIND] == CONFIRM && pdu[NEGOTIATION] == FAILURE;
	if (transport->refused)
		kg_info("the client's kind of security is not ours, and it was told so");
}

static BOOL accept_tls(rdpTransport *rdp)
{
	struct kg_transport *transport = transport_of(rdp);

	return !transport->refused && transport->original.TLSAccept(rdp);
}

/* The length of a PDU is where its stream stands. Returns what FreeRDP's own function would: negative when lost. */
static int write_pdu(rdpTransport *rdp, wStream *stream)
{
	struct kg_transport *transport = transport_of(rdp);
	size_t size = stream ? Stream_GetPosition(stream) : 0;

	if (!transport->answered && stream)
		note_answer(transport, Stream_Buffer(stream), size);
	if (!transport->batching || !stream)
		return transport->original.WritePdu(rdp, stream);
	if (size > RECORD_SIZE - Stream_GetPosition(transport->batch) && kg_transport_flush(transport) < 0)
		return -1;
	if (size > RECORD_SIZE)
		return transport->original.WritePdu(rdp, stream);
	Stream_Write(transport->batch, Stream_Buffer(stream), size);
	return transport->failed ? -1 : (int)size;
}

int kg_transport_flush(struct kg_transport *transport)
{
	int r = 0;

	if (Stream_GetPosition(transport->batch) > 0)
		r = transport->original.WritePdu(freerdp_get_transport(transport->context), transport->batch);
	Stream_SetPosition(transport->batch, 0);
	if (r < 0)
		transport->failed = true;
	return transport->failed ? -EPIPE : 0;
}

void kg_transport_set_batching(struct kg_transport *transport, bool on)
{
	if (!on)
		kg_transport_flush(transport);
	transport->batching = on;
}

int kg_transport_init(struct kg_transport *transport, rdpContext *context)
{
	const rdpTransportIo *io = freerdp_get_io_callbacks(context);
	rdpTransportIo ours;

	*transport = (struct kg_transport){ .context = context };
	transport->batch = Stream_New(NULL, RECORD_SIZE);
	if (!io || !transport->batch)
		goto fail;
	ours = transport->original = *io;
	ours.ReadPdu = read_pdu;
	ours.WritePdu = write_pdu;
	ours.TLSAccept = accept_tls;
	if (!freerdp_set_io_callbacks(context, &ours))
		goto fail;
	return 0;

fail:
	kg_transport_done(transport);
	return -ENOMEM;
}

void kg_transport_done(struct kg_transport *transport)
{
	explicit_bzero(&transport->password, sizeof(transport->password));
	if (transport->batch)
		Stream_Free(transport->batch, TRUE);
	transport->batch = NULL;
	transport->batching = false;
}
