/* Why a connection or a view ends, as it travels between our processes and to the user. */
#pragma once

enum kg_end_reason {
	KG_END_CLOSED,		// the client or the user wanted it
	KG_END_TAKEN_OVER,	// the same user logged in elsewhere
	KG_END_KICKED,		// kagamictl kick
	KG_END_SHUTDOWN,	// kagamid ends
	KG_END_NO_DESKTOP,	// the user has none, or it cannot be started
	KG_END_DESKTOP_LOST,	// X server, virtual machine or GPU are gone
	KG_END_REFUSED,		// log-in failed, or a limit
	KG_END_VIOLATION,	// somebody sent what must not be sent
	KG_END_REASONS,
};

/* A word for logs; "unknown" for what is none. */
static inline const char *kg_end_reason_text(unsigned reason)
{
	static const char *const text[KG_END_REASONS] = {
		"closed", "taken over", "kicked", "shutdown", "no desktop", "desktop lost", "refused", "violation",
	};

	return reason < KG_END_REASONS ? text[reason] : "unknown";
}
