/* Verifies a whole NTLMv2 log-in before anybody is told a key. */
#include "server/broker/verify.h"

#include "base/reader.h"
#include "server/broker/hashes.h"
#include "server/broker/legacy-crypto.h"
#include "server/broker/utf16.h"
#include "server/control/auth-messages.h"

#include <sys/random.h>
#include <time.h>

#include <openssl/crypto.h>

#define IDENTITY_MAX (2 * 2 * KG_NAME_MAX)	// user and domain in UTF-16LE
#define RESPONSE_MIN (16 + 28)			// NTLMv2_RESPONSE without AvPairs ([MS-NLMP] 2.2.2.8)
#define AUTHENTICATE_MIN 88			// with version and MIC ([MS-NLMP] 2.2.1.3)
#define CHALLENGE_MIN 48			// [MS-NLMP] 2.2.1.2
#define NEGOTIATE_KEY_EXCH 0x40000000u
#define AV_FLAGS 6
#define AV_FLAG_MIC 2u
#define AV_TARGET_NAME 9
#define SERVICE "TERMSRV/"			// how the name of an RDP server begins
#define TIME_SLACK (120ull * 10000000)		// two minutes

/* A log-in, taken apart. All pointers lie inside of the tail. */
struct attempt {
	const uint8_t *user, *domain, *proof_input, *messages;
	size_t user_size, domain_size, proof_input_size, messages_size;
	const uint8_t *challenge;		// server's, 8 bytes, from the CHALLENGE message
	const uint8_t *response;		// NtChallengeResponse: proof, then what was proved
	size_t response_size;
	uint32_t flags;
};

static uint16_t u16_at(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t u32_at(const uint8_t *p)
{
	return u16_at(p) | (uint32_t)u16_at(p + 2) << 16;
}

static uint64_t u64_at(const uint8_t *p)
{
	return u32_at(p) | (uint64_t)u32_at(p + 4) << 32;
}

/* The message of a type from from on, with at least least bytes behind its beginning; NULL when there is none. */
static const uint8_t *find_message(const uint8_t *from, const uint8_t *end, uint8_t type, size_t least)
{
	const uint8_t signature[12] = { 'N', 'T', 'L', 'M', 'S', 'S', 'P', 0, type };

	for (const uint8_t *p = from; (size_t)(end - p) >= least; p++)
		if (!memcmp(p, signature, sizeof(signature)))
			return p;
	return NULL;
}

static bool take_apart(struct attempt *a, const struct kg_auth_verify *ask, const uint8_t *tail, size_t tail_size)
{
	struct kg_reader reader = kg_reader_of(tail, tail_size);
	const uint8_t *end, *challenge, *authenticate;
	uint32_t offset;

	*a = (struct attempt){ .user_size = ask->user, .domain_size = ask->domain, .proof_input_size = ask->proof,
			       .messages_size = ask->messages };
	a->user = kg_read_bytes(&reader, ask->user);
	a->domain = kg_read_bytes(&reader, ask->domain);
	a->proof_input = kg_read_bytes(&reader, ask->proof);
	a->messages = kg_read_bytes(&reader, ask->messages);
	if (!kg_reader_ok(&reader) || kg_reader_left(&reader) || a->user_size + a->domain_size > IDENTITY_MAX ||
	    a->proof_input_size < 8 + RESPONSE_MIN - 16 || !a->messages_size)
		return false;

	/* NEGOTIATE | CHALLENGE | AUTHENTICATE: their sizes are not told. */
	end = a->messages + a->messages_size;
	challenge = find_message(a->messages + 1, end, 2, CHALLENGE_MIN);
	authenticate = challenge ? find_message(challenge + CHALLENGE_MIN, end, 3, AUTHENTICATE_MIN) : NULL;
	if (!authenticate)
		return false;
	a->challenge = challenge + 24;
	a->response_size = u16_at(authenticate + 20);
	offset = u32_at(authenticate + 24);
	if (a->response_size < RESPONSE_MIN || offset > (size_t)(end - authenticate) ||
	    a->response_size > (size_t)(end - authenticate) - offset)
		return false;
	a->response = authenticate + offset;
	a->flags = u32_at(authenticate + 60);
	return true;
}

/* A value of the response's AvPairs, or NULL. */
static const uint8_t *av_pair(const struct attempt *a, uint16_t wanted, size_t *ret_size)
{
	struct kg_reader reader = kg_reader_of(a->response + RESPONSE_MIN, a->response_size - RESPONSE_MIN);

	while (kg_reader_left(&reader)) {
		uint16_t id = kg_read_u16(&reader), size = kg_read_u16(&reader);
		const uint8_t *value = kg_read_bytes(&reader, size);

		if (!value || !id)
			return NULL;
		*ret_size = size;
		if (id == wanted)
			return value;
	}
	return NULL;
}

static bool says_mic(const struct attempt *a)
{
	size_t size;
	const uint8_t *flags = av_pair(a, AV_FLAGS, &size);

	return flags && size == 4 && u32_at(flags) & AV_FLAG_MIC;
}

/* What the client says of where it logs in to ([MS-NLMP] 2.2.2.1) is an RDP server, or it says nothing. */
static bool meant_for_rdp(const struct attempt *a)
{
	size_t size;
	const uint8_t *name = av_pair(a, AV_TARGET_NAME, &size);

	if (!name || !size)
		return true;
	for (size_t i = 0; i < sizeof(SERVICE) - 1; i++)
		if (2 * i + 1 >= size || kg_utf16_capital(u16_at(name + 2 * i)) != SERVICE[i])
			return false;
	return true;
}

/* Windows writes the name in the capitals of all scripts, FreeRDP those of ASCII only. */
static uint16_t capital(uint16_t unit, bool ascii_only)
{
	return ascii_only && unit >= 0x80 ? unit : kg_utf16_capital(unit);
}

/* NTOWFv2: HMAC-MD5(hash, capitals of user | domain). */
static int owf(struct kg_legacy_crypto *crypto, const struct attempt *a, const uint8_t hash[16], bool ascii_only,
	       uint8_t ret[16])
{
	uint8_t identity[IDENTITY_MAX];

	for (size_t i = 0; i + 1 < a->user_size; i += 2) {
		uint16_t unit = capital(u16_at(a->user + i), ascii_only);

		identity[i] = (uint8_t)unit;
		identity[i + 1] = (uint8_t)(unit >> 8);
	}
	if (a->domain_size)
		memcpy(identity + a->user_size, a->domain, a->domain_size);
	return kg_hmac_md5(crypto, hash, identity, a->user_size + a->domain_size, ret);
}

/* MIC over the three messages with the key that the client exported, and that key. */
static int mic_of(struct kg_legacy_crypto *crypto, const struct attempt *a, const struct kg_auth_verify *ask,
		  const uint8_t key[16], const uint8_t proof[16], uint8_t ret[16], uint8_t ret_exported[16])
{
	uint8_t base[16];
	int r = kg_hmac_md5(crypto, key, proof, 16, base);

	if (r == 0)
		r = kg_rc4(crypto, base, ask->session_key, 16, ret_exported);
	if (r == 0)
		r = kg_hmac_md5(crypto, ret_exported, a->messages, a->messages_size, ret);
	explicit_bzero(base, sizeof(base));
	return r;
}

/* What does not depend on a secret. NULL when all is well. */
static const char *public_fault(const struct attempt *a, uint64_t now)
{
	uint64_t time = u64_at(a->response + 16 + 8);

	if (a->proof_input_size != 8 + a->response_size - 16 ||
	    memcmp(a->proof_input + 8, a->response + 16, a->response_size - 16))
		return "the proof is not over what the client sent";
	if (memcmp(a->proof_input, a->challenge, 8))
		return "the proof is not over our challenge";
	if (!says_mic(a))
		return "the client sends no MIC";
	if (!(a->flags & NEGOTIATE_KEY_EXCH))
		return "the client exports no key of its own";
	if (!meant_for_rdp(a))
		return "it was made for a service that is not RDP";
	if (time > now ? time - now > TIME_SLACK : now - time > TIME_SLACK)
		return "its time is more than two minutes off";
	return NULL;
}

/* Both ways to write a name in capitals are tried, always, so that the time says nothing. */
static bool secret_right(struct kg_legacy_crypto *crypto, const struct attempt *a, const struct kg_auth_verify *ask,
			 const uint8_t hash[16], struct kg_verify_result *ret)
{
	bool right = false;

	for (int ascii_only = 0; ascii_only < 2; ascii_only++) {
		uint8_t key[16], proof[16], mic[16], exported[16];

		if (owf(crypto, a, hash, ascii_only, key) == 0 &&
		    kg_hmac_md5(crypto, key, a->proof_input, a->proof_input_size, proof) == 0 &&
		    mic_of(crypto, a, ask, key, proof, mic, exported) == 0) {
			bool good = !(CRYPTO_memcmp(proof, a->response, 16) | CRYPTO_memcmp(mic, ask->mic, 16));

			if (good)
				memcpy(ret->exported, exported, 16);
			right |= good;
		}
		explicit_bzero(key, sizeof(key));
		explicit_bzero(proof, sizeof(proof));
		explicit_bzero(exported, sizeof(exported));
	}
	return right;
}

static void fail(struct kg_verify_result *ret, const char *why)
{
	ret->ok = false;
	ret->why = why;
	explicit_bzero(ret->exported, sizeof(ret->exported));
}

/*
 * The way that a client goes from NTOWFv2 to its exported key ([MS-NLMP] 3.3.2, 3.1.5.1.2), backwards and from a key of our own:
 * NTOWFv2 would let kagami-auth log in as this user until the password changes.
 */
static int wrap_exported(struct kg_legacy_crypto *crypto, const struct attempt *a, struct kg_verify_result *ret)
{
	uint8_t proof[16], base[16];
	int r = kg_hmac_md5(crypto, ret->key, a->proof_input, a->proof_input_size, proof);

	if (r == 0)
		r = kg_hmac_md5(crypto, ret->key, proof, sizeof(proof), base);
	if (r == 0)
		r = kg_rc4(crypto, base, ret->exported, sizeof(ret->exported), ret->session_key);
	explicit_bzero(proof, sizeof(proof));
	explicit_bzero(base, sizeof(base));
	return r;
}

static void make_random(uint8_t bytes[16])
{
	if (getrandom(bytes, 16, 0) != 16)
		abort();	// no randomness: nothing here may go on
}

void kg_verify_ntlm(struct kg_hashes *hashes, const struct kg_auth_verify *ask, const uint8_t *tail, size_t tail_size,
		    uint64_t now, struct kg_verify_result *ret)
{
	struct kg_hash_entry entry;
	struct attempt attempt;
	const char *fault;
	bool known, right;

	*ret = (struct kg_verify_result){ 0 };
	make_random(ret->key);
	make_random(ret->session_key);
	if (!take_apart(&attempt, ask, tail, tail_size))
		return fail(ret, "malformed messages");
	if (kg_utf16_to_utf8(attempt.user, attempt.user_size, ret->user, sizeof(ret->user)) < 0 ||
	    !kg_user_name_valid(ret->user)) {
		ret->user[0] = 0;
		return fail(ret, "no proper user name");
	}
	known = kg_hashes_find(hashes, ret->user, &entry);
	right = secret_right(kg_hashes_crypto(hashes), &attempt, ask, entry.hash, ret);
	fault = public_fault(&attempt, now);
	if (!known)
		fail(ret, "unknown user");
	else if (!right)
		fail(ret, "wrong password");
	else if (fault)
		fail(ret, fault);
	else if (!kg_hashes_first_seen(hashes, attempt.response))
		fail(ret, "this log-in was seen before");
	else if (wrap_exported(kg_hashes_crypto(hashes), &attempt, ret) < 0)
		fail(ret, "no memory for its key");
	else
		ret->ok = true;
	if (ret->ok)
		memcpy(ret->user, entry.user, sizeof(ret->user));
	explicit_bzero(&entry, sizeof(entry));
}

uint64_t kg_filetime_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return ((uint64_t)t.tv_sec + 11644473600ull) * 10000000 + (uint64_t)t.tv_nsec / 100;
}
