/* Prints every message of every channel as the beginning of its row in doc/boundaries.md, for docs.sh. */
#include "server/control/auth-messages.h"
#include "server/control/host-messages.h"
#include "server/control/login-messages.h"
#include "server/control/session-messages.h"
#include "server/control/view-messages.h"

#include <stdio.h>

/* A set, its two ends, and the names of its phases, from bit 0. */
struct channel {
	const struct kg_message_set *set;
	const char *a, *b;
	const char *phases[4];
};

static const struct channel channels[] = {
	{ &kg_session_messages, "kagamid", "session", { "start", "handshake", "open" } },
	{ &kg_auth_messages, "kagamid", "auth", { "start", "run" } },
	{ &kg_login_messages, "session", "auth", { "NLA", "PAM" } },
	{ &kg_host_messages, "kagamid", "desktop", { "start", "run" } },
	{ &kg_view_messages, "session", "desktop", { "opening", "run" } },
};

static void print_phases(const struct channel *channel, unsigned phases)
{
	unsigned all = 0;
	const char *between = "";

	for (size_t i = 0; channel->phases[i]; i++)
		all |= 1u << i;
	if (phases == all) {
		printf("any");
		return;
	}
	for (size_t i = 0; channel->phases[i]; i++) {
		if (phases & 1u << i) {
			printf("%s%s", between, channel->phases[i]);
			between = ", ";
		}
	}
}

static void print_message(const struct channel *channel, const struct kg_message_type *type)
{
	printf("| `%s` | %u | %s | ", type->name, type->id, type->from == KG_SIDE_A ? channel->a : channel->b);
	print_phases(channel, type->phases);
	printf(" | %u", type->min);
	if (type->max != type->min)
		printf(" to %u", type->max);
	printf("%s |\n", type->fd ? " and a descriptor" : "");
}

int main(void)
{
	for (size_t i = 0; i < KG_ARRAY_SIZE(channels); i++) {
		for (size_t j = 0; j < channels[i].set->count; j++)
			print_message(&channels[i], &channels[i].set->types[j]);
	}
	return 0;
}
