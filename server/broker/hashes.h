/*
 * Who may log in by NLA: names with their NT hashes (MD4 of the password in UTF-16LE, [MS-NLMP] 3.3.1). A hash is as good as
 * the password: the file is 0600, never leaves kagamid, and is wiped from memory.
 *
 * The file: one "NAME:HASH" a line, 32 hexadecimal digits; empty lines and lines that begin with # are passed over.
 */
#pragma once

#include "base/base.h"
#include "base/limits.h"

struct kg_hashes;
struct kg_legacy_crypto;

struct kg_hash_entry {
	char user[KG_NAME_MAX + 1];	// UTF-8
	uint8_t hash[16];
};

/* path may be NULL or missing: no users yet. Errors are logged with file and line. */
int kg_hashes_load(struct kg_hashes **ret, const char *path);
void kg_hashes_free(struct kg_hashes *hashes);		// NULL is fine

/* Reads the file again where it has changed since; what was there stays when the new file is wrong. */
int kg_hashes_refresh(struct kg_hashes *hashes);

/* A user of this run only, with a password in UTF-8. Replaces one of the same name. */
int kg_hashes_add_password(struct kg_hashes *hashes, const char *user, const char *password);

/* kagamictl passwd: adds or replaces the user in the file, which is replaced as a whole. password NULL: takes the user out. */
int kg_hashes_write(const char *path, const char *user, const char *password);

size_t kg_hashes_count(const struct kg_hashes *hashes);

/*
 * Finds a user, capitals aside, and copies the entry. A user that does not exist gets a decoy's hash and
 * false; the time does not depend on which.
 */
bool kg_hashes_find(const struct kg_hashes *hashes, const char *user, struct kg_hash_entry *ret);

struct kg_legacy_crypto *kg_hashes_crypto(const struct kg_hashes *hashes);

/* True the first time that an NTLM proof is shown: a log-in cannot be played again. */
bool kg_hashes_first_seen(struct kg_hashes *hashes, const uint8_t proof[16]);

/* A name that may stand in the file and in log lines: 1 to KG_NAME_MAX bytes of UTF-8 without ':' or control characters. */
bool kg_user_name_valid(const char *user);

/* For the fuzz target: parses text as the file. */
int kg_hashes_parse(struct kg_hashes *hashes, const char *name, const char *text, size_t size);
