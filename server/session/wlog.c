/* FreeRDP's log. A client can cause lines at will, so their number is limited; they are for developers, who see them all. */
#define KG_TOPIC "freerdp"
#include "server/session/wlog.h"

#include "base/log.h"

#include <winpr/wlog.h>

#define LINES_BEFORE_LOGIN 1	// the first one says what it was, those after it who else noticed
#define LINES_MAX 10

static unsigned lines, lines_max = LINES_BEFORE_LOGIN;
static bool muted;

/* How FreeRDP says that the client has gone, which is no news. */
static bool is_farewell(const char *text)
{
	return strstr(text, "ERRCONNECT_CONNECT_TRANSPORT_FAILED") || strstr(text, "BIO_");
}

static BOOL on_message(const wLogMessage *message)
{
	if (muted || !message->TextString || message->Level < WLOG_WARN || is_farewell(message->TextString))
		return TRUE;
	if (kg_log_level >= KG_LOG_DEBUG)
		kg_debug("%s", message->TextString);
	else if (lines < lines_max && lines++ < lines_max)
		(void)kg_warn(0, "%s%s", message->TextString, lines == LINES_MAX ? " (no more of these)" : "");
	return TRUE;
}

static BOOL on_other(const wLogMessage *message)
{
	return TRUE;
}

void kg_wlog_logged_in(void)
{
	lines_max = LINES_MAX;
}

void kg_wlog_mute(bool on)
{
	muted = on;
}

int kg_wlog_init(void)
{
	static wLogCallbacks callbacks = {
		.data = on_other,
		.image = on_other,
		.message = on_message,
		.package = on_other,
	};
	wLog *root = WLog_GetRoot();

	if (!root || !WLog_SetLogAppenderType(root, WLOG_APPENDER_CALLBACK) ||
	    !WLog_ConfigureAppender(WLog_GetLogAppender(root), "callbacks", &callbacks) || !WLog_OpenAppender(root) ||
	    !WLog_SetLogLevel(root, WLOG_WARN))
		return -ENOTSUP;
	return 0;
}
