/*
 * Automatic reconnection ([MS-RDPBCGR] 5.5): each log-in gives its client a random secret; a client that lost its connection
 * proves with it that it is the one that was there. It comes after the log-in and does not replace it. What it decides: an
 * old client that comes back by itself does not take the desktop away from a newer one.
 */
#pragma once

#include "base/base.h"

struct kg_cookies;

struct kg_cookie {
	uint32_t logon_id;
	uint8_t random[16];
};

enum kg_cookie_verdict {
	KG_COOKIE_GOOD,		// the client that was there last
	KG_COOKIE_OLD,		// somebody of this name has logged in since, or it is wrong
	KG_COOKIE_UNKNOWN,	// nothing is known of this user: kagamid was started anew
};

int kg_cookies_new(struct kg_cookies **ret);
void kg_cookies_free(struct kg_cookies *cookies);	// wipes them; NULL is fine

/* A fresh one; it counts for nothing before kg_cookies_keep(). */
int kg_cookies_make(struct kg_cookies *cookies, struct kg_cookie *ret);

/* This is now the user's last. At most KG_COOKIES_MAX users: the one whose log-in is longest ago is forgotten. */
#define KG_COOKIES_MAX 1024
int kg_cookies_keep(struct kg_cookies *cookies, const char *user, const struct kg_cookie *cookie);

/* verifier: HMAC-MD5 of 32 zero bytes with the secret as key. */
enum kg_cookie_verdict kg_cookies_check(struct kg_cookies *cookies, const char *user, uint32_t logon_id,
					const uint8_t verifier[16]);
