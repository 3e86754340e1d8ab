/* The log lines that are API. */
#include "server/broker/audit.h"

#include "base/log.h"
#include "base/loop.h"
#include "server/broker/listen.h"

#define NAME_MAX_BYTES 64
#define REFUSED_PER_SECOND 10

/* The quotes are kept unique. kagamictl shows names on a terminal, which does what control characters say. */
const char *kg_audit_name(const char *name, char text[KG_AUDIT_NAME_SIZE])
{
	size_t size = strnlen(name, NAME_MAX_BYTES + 1);
	bool cut = size > NAME_MAX_BYTES;

	if (cut) {
		for (size = NAME_MAX_BYTES; size && ((unsigned char)name[size] & 0xc0) == 0x80;)
			size--;
	}
	for (size_t i = 0; i < size; i++)
		text[i] = name[i] == '"' || name[i] == '\\' ? '?' : name[i];
	kg_log_clean(text, size);
	strcpy(text + size, cut ? "..." : "");
	return text;
}

void kg_audit_login(const char *user, const struct kg_peer *peer, const struct kg_id *session)
{
	char name[KG_AUDIT_NAME_SIZE], id[KG_ID_TEXT_SIZE];

	kg_id_format(session, id);
	kg_info("login: user \"%s\" from %s session %s", kg_audit_name(user, name), peer->host, id);
}

void kg_audit_login_failed(const char *user, const struct kg_peer *peer, const char *why)
{
	char name[KG_AUDIT_NAME_SIZE];

	(void)kg_warn(0, "login failed: user \"%s\" from %s", kg_audit_name(user, name), peer->host);
	if (why)
		kg_debug("the log-in failed because of: %s", why);
}

void kg_audit_ended(const char *user, const struct kg_peer *peer, const struct kg_id *session, const char *reason)
{
	char name[KG_AUDIT_NAME_SIZE], id[KG_ID_TEXT_SIZE];

	kg_id_format(session, id);
	kg_info("session ended: user \"%s\" from %s session %s: %s", kg_audit_name(user, name), peer->host, id, reason);
}

/* True when a line more is fine in this second. Those that were not are counted, and told with the next that is. */
static bool seldom(void)
{
	static uint64_t second, lines;
	uint64_t now = kg_now_us() / 1000000;

	if (now != second) {
		if (lines > REFUSED_PER_SECOND)
			kg_info("%llu more connections ended or were refused like this",
			(unsigned long long)(lines - REFUSED_PER_SECOND));
		second = now;
		lines = 0;
	}
	return ++lines <= REFUSED_PER_SECOND;
}

void kg_audit_handshake_ended(const struct kg_peer *peer, const char *reason)
{
	if (seldom())
		kg_info("handshake ended: from %s: %s", peer->host, reason);
}

void kg_audit_refused(const struct kg_peer *peer, const char *reason)
{
	if (seldom())
		(void)kg_warn(0, "connection refused: from %s: %s", peer->host, reason);
}
