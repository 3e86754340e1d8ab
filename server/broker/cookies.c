/* The secrets of automatic reconnection: one for each user's last log-in. */
#include "server/broker/cookies.h"

#include "base/limits.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/queue.h>
#include <sys/random.h>

struct entry {
	TAILQ_ENTRY(entry) link;
	char user[KG_NAME_MAX + 1];
	struct kg_cookie cookie;
};

TAILQ_HEAD(entry_list, entry);

struct kg_cookies {
	struct entry_list entries;	// the last log-in first
	size_t count;
};

int kg_cookies_new(struct kg_cookies **ret)
{
	struct kg_cookies *cookies = calloc(1, sizeof(*cookies));

	if (!cookies)
		return -ENOMEM;
	TAILQ_INIT(&cookies->entries);
	*ret = cookies;
	return 0;
}

static void entry_free(struct kg_cookies *cookies, struct entry *entry)
{
	TAILQ_REMOVE(&cookies->entries, entry, link);
	cookies->count--;
	explicit_bzero(entry, sizeof(*entry));
	free(entry);
}

void kg_cookies_free(struct kg_cookies *cookies)
{
	if (!cookies)
		return;
	while (!TAILQ_EMPTY(&cookies->entries))
		entry_free(cookies, TAILQ_FIRST(&cookies->entries));
	free(cookies);
}

int kg_cookies_make(struct kg_cookies *cookies, struct kg_cookie *ret)
{
	return getrandom(ret, sizeof(*ret), 0) == sizeof(*ret) ? 0 : -EIO;
}

static struct entry *find(struct kg_cookies *cookies, const char *user)
{
	struct entry *entry;

	TAILQ_FOREACH(entry, &cookies->entries, link) {
		if (!strcmp(entry->user, user))
			break;
	}
	return entry;
}

int kg_cookies_keep(struct kg_cookies *cookies, const char *user, const struct kg_cookie *cookie)
{
	struct entry *entry = find(cookies, user);

	if (strlen(user) > KG_NAME_MAX)
		return -EINVAL;
	if (entry)
		entry_free(cookies, entry);
	if (cookies->count == KG_COOKIES_MAX)
		entry_free(cookies, TAILQ_LAST(&cookies->entries, entry_list));
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	strcpy(entry->user, user);
	entry->cookie = *cookie;
	TAILQ_INSERT_HEAD(&cookies->entries, entry, link);
	cookies->count++;
	return 0;
}

enum kg_cookie_verdict kg_cookies_check(struct kg_cookies *cookies, const char *user, uint32_t logon_id,
					const uint8_t verifier[16])
{
	static const uint8_t zeros[32];
	struct entry *entry = find(cookies, user);
	uint8_t right[EVP_MAX_MD_SIZE];
	unsigned size = sizeof(right);

	if (!entry)
		return KG_COOKIE_UNKNOWN;
	if (entry->cookie.logon_id != logon_id ||
	    !HMAC(EVP_md5(), entry->cookie.random, sizeof(entry->cookie.random), zeros, sizeof(zeros), right, &size) ||
	    size != 16 || CRYPTO_memcmp(right, verifier, 16))
		return KG_COOKIE_OLD;
	return KG_COOKIE_GOOD;
}
