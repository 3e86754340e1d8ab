/* Who may use which desktop, by the lists of users in the configuration. */
#include "server/broker/directory.h"

#include "server/broker/config.h"

static bool names(const char *users, const char *user)
{
	size_t length = strlen(user);

	while (*users) {
		size_t word = strcspn(users, " ");

		if (word == length && !memcmp(users, user, length))
			return true;
		users += word + (users[word] ? 1 : 0);
	}
	return false;
}

const struct kg_config_desktop *kg_directory_find(const struct kg_config *config, const char *user)
{
	const struct kg_config_desktop *everybody = NULL;

	for (const struct kg_config_desktop *desktop = config->desktops; desktop; desktop = desktop->next) {
		/* A user who is called "*" must not pass for everybody. */
		if (strcmp(user, "*") && names(desktop->users, user))
			return desktop;
		if (!everybody && names(desktop->users, "*"))
			everybody = desktop;
	}
	return everybody;
}
