/* A dynamic virtual channel as bytes. */
#include "server/session/dvc.h"

#include <freerdp/channels/drdynvc.h>
#include <freerdp/channels/wtsvc.h>
#include <freerdp/svc.h>
#include <winpr/error.h>
#include <winpr/synch.h>
#include <winpr/wtsapi.h>

#define PDU_SIZE 1600		// the longest of a dynamic channel ([MS-RDPEDYC] 2.2.3.1)

bool kg_dvc_is_ready(HANDLE manager)
{
	return WTSVirtualChannelManagerGetDrdynvcState(manager) == DRDYNVC_STATE_READY;
}

/* FreeRDP numbers its managers as sessions; a channel is opened by that number. */
static int session_number(HANDLE manager, DWORD *ret)
{
	LPSTR bytes = NULL;
	DWORD size = 0;

	if (!WTSQuerySessionInformationA(manager, WTS_CURRENT_SESSION, WTSSessionId, &bytes, &size) || !bytes)
		return -EIO;
	memcpy(ret, bytes, sizeof(*ret));
	WTSFreeMemory(bytes);
	return 0;
}

static int event_fd(HANDLE channel)
{
	HANDLE event = NULL;
	void *bytes = NULL;
	DWORD size = 0;

	if (!WTSVirtualChannelQuery(channel, WTSVirtualEventHandle, &bytes, &size) || !bytes)
		return -EIO;
	if (size == sizeof(event))
		memcpy(&event, bytes, sizeof(event));
	WTSFreeMemory(bytes);
	return event ? GetEventFileDescriptor(event) : -EIO;
}

int kg_dvc_open(struct kg_dvc *dvc, freerdp_peer *peer, HANDLE manager, const char *name)
{
	DWORD number;
	int r = session_number(manager, &number);

	*dvc = (struct kg_dvc){ .peer = peer, .manager = manager, .fd = -1 };
	if (r < 0)
		return r;
	dvc->carrier = WTSChannelGetId(peer, DRDYNVC_SVC_CHANNEL_NAME);
	dvc->handle = WTSVirtualChannelOpenEx(number, (LPSTR)name, WTS_CHANNEL_OPTION_DYNAMIC);
	if (!dvc->handle || dvc->carrier == 0)
		goto fail;
	r = dvc->fd = event_fd(dvc->handle);
	if (r < 0)
		goto fail;
	dvc->id = WTSChannelGetIdByHandle(dvc->handle);
	return 0;

fail:
	kg_dvc_close(dvc);
	return -EIO;
}

void kg_dvc_close(struct kg_dvc *dvc)
{
	if (dvc->handle)
		(void)WTSVirtualChannelClose(dvc->handle);
	dvc->handle = NULL;
	dvc->fd = -1;
}

int kg_dvc_read(struct kg_dvc *dvc, void *to, size_t room)
{
	ULONG size = 0, got = 0;

	/* No message: only the last error tells an empty queue from one that ended with the channel. */
	SetLastError(ERROR_SUCCESS);
	if (!WTSVirtualChannelRead(dvc->handle, 0, NULL, 0, &size))
		return GetLastError() == ERROR_NO_DATA ? 0 : -EPIPE;
	if (size > room)
		return -EMSGSIZE;
	if (size == 0)
		return -EPIPE;
	if (!WTSVirtualChannelRead(dvc->handle, 0, to, size, &got) || got != size)
		return -EPIPE;
	return (int)size;
}

/* A number in its shortest form. Returns the bytes it took: 1, 2 or 4. */
static size_t put_number(uint8_t *to, uint32_t number)
{
	size_t size = number <= UINT8_MAX ? 1 : number <= UINT16_MAX ? 2 : 4;

	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(number >> (8 * i));
	return size;
}

static uint8_t form_of(size_t size)	// how the header writes the size of a number
{
	return size == 1 ? 0 : size == 2 ? 1 : 2;
}

int kg_dvc_write(struct kg_dvc *dvc, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	uint8_t pdu[PDU_SIZE];
	size_t id_size = put_number(pdu + 1, dvc->id), header = 1 + id_size, left = size;

	if (size > UINT32_MAX)
		return -EPIPE;
	/* What FreeRDP itself has queued for the client came first. */
	if (!WTSVirtualChannelManagerCheckFileDescriptor(dvc->manager))
		return -EPIPE;
	pdu[0] = (uint8_t)(DATA_PDU << 4 | form_of(id_size));
	if (size > PDU_SIZE - header) {
		size_t length_size = put_number(pdu + header, (uint32_t)size);

		pdu[0] = (uint8_t)(DATA_FIRST_PDU << 4 | form_of(length_size) << 2 | form_of(id_size));
		header += length_size;
	}
	while (left > 0) {
		size_t part = KG_MIN(left, PDU_SIZE - header);

		memcpy(pdu + header, at, part);
		if (!dvc->peer->SendChannelPacket(dvc->peer, dvc->carrier, header + part,
						  CHANNEL_FLAG_FIRST | CHANNEL_FLAG_LAST, pdu, header + part))
			return -EPIPE;
		at += part;
		left -= part;
		pdu[0] = (uint8_t)(DATA_PDU << 4 | form_of(id_size));
		header = 1 + id_size;
	}
	return 0;
}
