/*
 * What kagamid is told: by flags, or by an INI file. The parser is pure: text in, settings or one error out.
 *
 *	[server]            listen (several), security, certificate, key, state, hashes, control, sandbox, log-level,
 *	                    session-user, pam-service
 *	[limits]            see struct kg_limits_settings; times in seconds, heartbeat in milliseconds
 *	[desktop NAME]      kind, where, users, run-as, size, threads, start
 */
#pragma once

#include "base/log.h"
#include "base/sandbox.h"
#include "server/broker/limits.h"
#include "server/control/session-messages.h"

#include <sys/socket.h>

#define KG_LISTENS_MAX 16
#define KG_CONFIG_SIZE_MAX (1u << 20)

struct kg_config_listen {
	char text[64];			// as it was written
	struct sockaddr_storage address;
	socklen_t size;
};

struct kg_config_desktop {
	struct kg_config_desktop *next;
	char *name, *kind;
	char *where;			// NULL: nothing
	char *users;			// names with spaces between, "*": everybody
	char *run_as;			// NULL: session_user where kagamid is root, else as kagamid
	uint16_t width, height;		// 0: the kind's own
	uint32_t threads;		// 0: one per processor
	bool always;			// started with kagamid and kept up; else when first needed
	unsigned line;			// of the section, 0 when made by flags
};

struct kg_config {
	struct kg_config_listen listens[KG_LISTENS_MAX];
	size_t listen_count;
	uint32_t security;		// enum kg_security
	char *certificate, *key;	// files, both or none
	char *state;			// directory
	char *hashes;			// file; NULL: "hashes" in the state directory
	char *control;			// socket; NULL: found by kg_control_path()
	char *session_user;		// sessions and auths become it when kagamid is root
	char *pam_service;
	uint32_t sandbox;		// enum kg_sandbox_mode
	uint32_t log_level;		// enum kg_log_level
	struct kg_limits_settings limits;
	uint32_t handshake_s;		// from the first bytes to the log-in
	uint32_t heartbeat_ms;		// a desktop without an answer for so long is replaced
	struct kg_config_desktop *desktops;

	/* flags only */
	char *user, *password_file, *programs;
	bool from_file;
};

struct kg_config_error {
	unsigned line;			// 0: of no line
	char text[200];
};

void kg_config_init(struct kg_config *config);	// defaults
void kg_config_done(struct kg_config *config);

/* Reads INI text into config. -EINVAL and an error, -ENOMEM, or 0. */
int kg_config_parse(struct kg_config *config, const char *text, size_t size, struct kg_config_error *error);

/* The same with a file; logs what is wrong with file and line. */
int kg_config_load(struct kg_config *config, const char *path);

/* One setting of [server], as the file would say it. */
int kg_config_set(struct kg_config *config, const char *key, const char *value, struct kg_config_error *error);

/* "KIND" or "KIND:WHERE": the one desktop of the flags, for everybody. */
int kg_config_add_desktop(struct kg_config *config, const char *text, struct kg_config_error *error);

/* One setting of a [desktop NAME]. */
int kg_config_set_desktop(struct kg_config_desktop *desktop, const char *key, const char *value,
			  struct kg_config_error *error);

/* What only the whole shows: something to listen on, desktops that are complete. Fills in what depends on other settings. */
int kg_config_check(struct kg_config *config, struct kg_config_error *error);

/* "ADDRESS:PORT" with a numeric address, "[V6]:PORT", "*:PORT" or "localhost:PORT". */
int kg_config_listen_parse(const char *text, struct kg_config_listen *ret);
