/* kagamid as one object: keys, accounts, listeners, sessions and desktops, put together and taken down in order. */
#pragma once

#include "server/broker/config.h"

struct kg_broker;
struct kg_desktops;
struct kg_hashes;
struct kg_limits;
struct kg_listeners;
struct kg_sessions;
struct kg_tls_keys;

struct kg_broker {
	struct kg_loop *loop;
	struct kg_config *config;
	struct kg_tls_keys *keys;
	struct kg_hashes *hashes;
	struct kg_limits *limits;
	struct kg_spawner *spawner;
	struct kg_desktops *desktops;
	struct kg_sessions *sessions;
	struct kg_listeners *listeners;
	struct kg_status *status;
	struct kg_watch *terminate, *interrupt, *hangup;
	struct kg_watch *deadline;	// of the end
	char *password;			// made for this run, shown once; NULL: none
	uint64_t started_us;
	bool ending;
	int result;			// of the run
};

/* Loads, opens and starts everything; logs what cannot be. */
int kg_broker_init(struct kg_broker *broker, struct kg_loop *loop, struct kg_config *config);
void kg_broker_done(struct kg_broker *broker);
