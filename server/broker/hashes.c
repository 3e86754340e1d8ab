/* Who may log in by NLA: the table of names and NT hashes, and its file. */
#define KG_TOPIC "hashes"

#include "server/broker/hashes.h"

#include "base/log.h"
#include "server/broker/files.h"
#include "server/broker/legacy-crypto.h"
#include "server/broker/utf16.h"

#include <limits.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>

#define FILE_MAX (8 << 20)
#define USERS_MAX 65536
#define SEEN 1024		// proofs that are remembered

/* A user, and the name in capitals, by which it is found. Zeros fill both. */
struct row {
	struct kg_hash_entry entry;
	char key[KG_NAME_MAX + 1];
};

struct table {
	struct row *rows;
	size_t count, room;
};

struct kg_hashes {
	char path[PATH_MAX];		// "" when there is no file
	struct stat read;		// of the file when it was read
	struct table file;		// users of the file
	struct table run;		// users of this run only
	struct kg_hash_entry decoy;	// for names that do not exist
	struct kg_legacy_crypto *crypto;
	uint8_t seen[SEEN][16];
	size_t seen_count;
};

static void table_done(struct table *table)
{
	if (table->rows)
		explicit_bzero(table->rows, table->room * sizeof(*table->rows));
	free(table->rows);
	*table = (struct table){ 0 };
}

static void make_key(char key[KG_NAME_MAX + 1], const char *user)
{
	memset(key, 0, KG_NAME_MAX + 1);
	kg_utf8_capitals(user, key, KG_NAME_MAX + 1);
}

/* Compares all KG_NAME_MAX bytes, whatever they are: the time says nothing. */
static bool same_key(const char *a, const char *b)
{
	unsigned different = 0;

	for (size_t i = 0; i < KG_NAME_MAX; i++)
		different |= (unsigned)(a[i] ^ b[i]);
	return !different;
}

bool kg_user_name_valid(const char *user)
{
	uint8_t units[2 * KG_NAME_MAX];
	size_t length = strnlen(user, KG_NAME_MAX + 1);

	if (!length || length > KG_NAME_MAX || kg_utf8_to_utf16(user, units, sizeof(units)) < 0)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)user[i] < 0x20 || user[i] == 0x7f || user[i] == ':')
			return false;
	return true;
}

/* Grows by copying, so that no old copy of a hash stays in freed memory. */
static int table_grow(struct table *table)
{
	size_t room = table->room ? table->room * 2 : 16;
	struct row *rows = calloc(room, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	if (table->count)
		memcpy(rows, table->rows, table->count * sizeof(*rows));
	struct table old = *table;

	*table = (struct table){ rows, old.count, room };
	table_done(&old);
	return 0;
}

static int table_put(struct table *table, const struct kg_hash_entry *entry)
{
	char key[KG_NAME_MAX + 1];
	int r;

	make_key(key, entry->user);
	for (size_t i = 0; i < table->count; i++) {
		if (same_key(table->rows[i].key, key)) {
			table->rows[i].entry = *entry;
			return 0;
		}
	}
	if (table->count == USERS_MAX)
		return -ENOSPC;
	if (table->count == table->room && (r = table_grow(table)) < 0)
		return r;
	table->rows[table->count].entry = *entry;
	memcpy(table->rows[table->count++].key, key, sizeof(key));
	return 0;
}

/* One line without its end. 0 with an entry, 1 for a line that is passed over, or -EINVAL. */
static int parse_line(const char *line, size_t size, struct kg_hash_entry *ret)
{
	const char *colon;

	if (size && line[size - 1] == '\r')
		size--;
	if (!size || line[0] == '#')
		return 1;
	colon = memchr(line, ':', size);
	if (!colon || (size_t)(colon - line) > KG_NAME_MAX || size - (size_t)(colon - line) != 33)
		return -EINVAL;
	*ret = (struct kg_hash_entry){ 0 };
	memcpy(ret->user, line, (size_t)(colon - line));
	for (int i = 0; i < 16; i++) {
		int high = kg_hex_digit(colon[1 + 2 * i]), low = kg_hex_digit(colon[2 + 2 * i]);

		if (high < 0 || low < 0)
			return -EINVAL;
		ret->hash[i] = (uint8_t)(high << 4 | low);
	}
	return strlen(ret->user) == (size_t)(colon - line) && kg_user_name_valid(ret->user) ? 0 : -EINVAL;
}

static int parse_file(struct table *table, const char *name, const char *text, size_t size)
{
	const char *at = text, *end = text + size;
	unsigned number = 1;

	for (; at < end; number++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *line_end = newline ? newline : end;
		struct kg_hash_entry entry;
		int r = parse_line(at, (size_t)(line_end - at), &entry);

		if (r == 0)
			r = table_put(table, &entry);
		explicit_bzero(&entry, sizeof(entry));
		if (r < 0)
			return kg_err(r, "%s:%u: a line must be NAME:HASH with 32 hexadecimal digits", name, number);
		at = newline ? newline + 1 : end;
	}
	return 0;
}

int kg_hashes_parse(struct kg_hashes *hashes, const char *name, const char *text, size_t size)
{
	struct table table = { 0 };
	int r = parse_file(&table, name, text, size);

	if (r < 0) {
		table_done(&table);
		return r;
	}
	table_done(&hashes->file);
	hashes->file = table;
	return 0;
}

static int load_file(struct kg_hashes *hashes)
{
	struct stat st;
	char *text;
	size_t size;
	int r = kg_file_read(hashes->path, FILE_MAX, &text, &size, &st);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return kg_err(r, "cannot read %s", hashes->path);
	if (st.st_mode & 077)
		(void)kg_warn(0, "%s can be read by others: chmod 600 it", hashes->path);
	r = kg_hashes_parse(hashes, hashes->path, text, size);
	explicit_bzero(text, size);
	free(text);
	hashes->read = st;
	return r;
}

int kg_hashes_load(struct kg_hashes **ret, const char *path)
{
	struct kg_hashes *hashes = calloc(1, sizeof(*hashes));
	int r = -ENOMEM;

	if (!hashes)
		return r;
	r = kg_legacy_crypto_new(&hashes->crypto);
	if (r == 0 && path && (size_t)snprintf(hashes->path, sizeof(hashes->path), "%s", path) >= sizeof(hashes->path))
		r = -ENAMETOOLONG;
	if (r == 0 && getrandom(hashes->decoy.hash, sizeof(hashes->decoy.hash), 0) != sizeof(hashes->decoy.hash))
		r = -EIO;
	if (r == 0 && path)
		r = load_file(hashes);
	if (r < 0) {
		kg_hashes_free(hashes);
		return r;
	}
	*ret = hashes;
	return 0;
}

void kg_hashes_free(struct kg_hashes *hashes)
{
	if (!hashes)
		return;
	table_done(&hashes->file);
	table_done(&hashes->run);
	kg_legacy_crypto_free(hashes->crypto);
	explicit_bzero(hashes, sizeof(*hashes));
	free(hashes);
}

int kg_hashes_refresh(struct kg_hashes *hashes)
{
	struct stat st;

	if (!hashes->path[0] || stat(hashes->path, &st) < 0 ||
	    (st.st_ino == hashes->read.st_ino && st.st_mtim.tv_sec == hashes->read.st_mtim.tv_sec &&
	     st.st_mtim.tv_nsec == hashes->read.st_mtim.tv_nsec))
		return 0;
	return load_file(hashes);
}

static int entry_of(struct kg_legacy_crypto *crypto, const char *user, const char *password, struct kg_hash_entry *ret)
{
	uint8_t units[2 * 1024];
	int size, r;

	if (!kg_user_name_valid(user))
		return kg_err(-EINVAL, "a user name must be 1 to %d bytes of UTF-8 without ':'", KG_NAME_MAX);
	size = kg_utf8_to_utf16(password, units, sizeof(units));
	if (size < 0)
		return kg_err(size, "the password is too long or not UTF-8");
	*ret = (struct kg_hash_entry){ 0 };
	memcpy(ret->user, user, strlen(user));
	r = kg_md4(crypto, units, (size_t)size, ret->hash);
	explicit_bzero(units, sizeof(units));
	return r < 0 ? kg_err(r, "cannot make the hash of a password") : 0;
}

int kg_hashes_add_password(struct kg_hashes *hashes, const char *user, const char *password)
{
	struct kg_hash_entry entry;
	int r = entry_of(hashes->crypto, user, password, &entry);

	if (r == 0 && (r = table_put(&hashes->run, &entry)) < 0)
		(void)kg_err(r, "cannot keep the account of %s", user);
	explicit_bzero(&entry, sizeof(entry));
	return r;
}

static void table_remove(struct table *table, const char *user)
{
	char key[KG_NAME_MAX + 1];

	make_key(key, user);
	for (size_t i = 0; i < table->count; i++) {
		if (!same_key(table->rows[i].key, key))
			continue;
		table->count--;
		memmove(&table->rows[i], &table->rows[i + 1], (table->count - i) * sizeof(*table->rows));
		explicit_bzero(&table->rows[table->count], sizeof(*table->rows));
		return;
	}
}

/* Writes all entries to a new file in the place of path. */
static int replace_file(const char *path, const struct table *table)
{
	size_t room = table->count * (KG_NAME_MAX + 64) + 1, n = 0;
	char *text = calloc(1, room);
	int r;

	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < table->count; i++) {
		const struct kg_hash_entry *entry = &table->rows[i].entry;

		n += (size_t)snprintf(text + n, room - n, "%s:", entry->user);
		for (int j = 0; j < 16; j++)
			n += (size_t)snprintf(text + n, room - n, j < 15 ? "%02x" : "%02x\n", entry->hash[j]);
	}
	r = kg_file_replace(path, 0600, text, n);
	explicit_bzero(text, room);
	free(text);
	return r;
}

int kg_hashes_write(const char *path, const char *user, const char *password)
{
	struct kg_hash_entry entry = { 0 };
	struct kg_hashes *hashes;
	int r = kg_hashes_load(&hashes, path);

	if (r < 0)
		return r;
	if (password) {
		r = entry_of(hashes->crypto, user, password, &entry);
		if (r == 0)
			r = table_put(&hashes->file, &entry);
		explicit_bzero(&entry, sizeof(entry));
	} else if (!kg_user_name_valid(user)) {
		r = -EINVAL;
	} else {
		memcpy(entry.user, user, strlen(user));
		table_remove(&hashes->file, entry.user);
	}
	if (r == 0) {
		r = replace_file(path, &hashes->file);
		if (r < 0)
			(void)kg_err(r, "cannot write %s", path);
	}
	kg_hashes_free(hashes);
	return r;
}

size_t kg_hashes_count(const struct kg_hashes *hashes)
{
	return hashes->file.count + hashes->run.count;
}

bool kg_hashes_find(const struct kg_hashes *hashes, const char *user, struct kg_hash_entry *ret)
{
	const struct table *const tables[] = { &hashes->file, &hashes->run };
	const struct kg_hash_entry *found = &hashes->decoy;
	char key[KG_NAME_MAX + 1];

	make_key(key, user);
	for (size_t t = 0; t < KG_ARRAY_SIZE(tables); t++)
		for (size_t i = 0; i < tables[t]->count; i++)
			if (same_key(tables[t]->rows[i].key, key))
				found = &tables[t]->rows[i].entry;
	*ret = *found;
	return found != &hashes->decoy;
}

struct kg_legacy_crypto *kg_hashes_crypto(const struct kg_hashes *hashes)
{
	return hashes->crypto;
}

bool kg_hashes_first_seen(struct kg_hashes *hashes, const uint8_t proof[16])
{
	for (size_t i = 0; i < KG_MIN(hashes->seen_count, (size_t)SEEN); i++)
		if (!memcmp(hashes->seen[i], proof, 16))
			return false;
	memcpy(hashes->seen[hashes->seen_count++ % SEEN], proof, 16);
	return true;
}
