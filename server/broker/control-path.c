/* Where kagamid and kagamictl meet when nothing else is said. */
#include "server/broker/status.h"

#include <stdio.h>

const char *kg_control_path(char *path, size_t size)
{
	const char *directory = getenv("RUNTIME_DIRECTORY"), *user = getenv("XDG_RUNTIME_DIR"), *home = getenv("HOME");

	if (directory && *directory == '/')	// systemd may name several, with colons between
		snprintf(path, size, "%.*s/control", (int)strcspn(directory, ":"), directory);
	else if (geteuid() == 0)
		snprintf(path, size, "/run/kagami/control");
	else if (user && *user == '/')
		snprintf(path, size, "%s/kagami/control", user);
	else
		snprintf(path, size, "%s/.local/state/kagami/control", home && *home == '/' ? home : "/nonexistent");
	return path;
}
