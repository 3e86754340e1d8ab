/* NTLM log-ins as kagamid verifies them, the hash file, and what the TLS key signs. */
#include "tests/tap.h"

#include "base/log.h"
#include "base/writer.h"
#include "server/broker/binding.h"
#include "server/broker/hashes.h"
#include "server/broker/keys.h"
#include "server/broker/legacy-crypto.h"
#include "server/broker/utf16.h"
#include "server/broker/verify.h"
#include "server/control/auth-messages.h"
#include "server/control/session-messages.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>

static char directory[] = "/tmp/kagami-test-XXXXXX";

static const char *path(const char *name)
{
	static char text[4][128];
	static int n;
	char *to = text[n++ % 4];

	snprintf(to, sizeof(text[0]), "%s/%s", directory, name);
	return to;
}

/* ---- a log-in as a client makes it ---- */

struct login {
	const char *user, *domain, *password;
	uint64_t time;
	uint8_t challenge[8], their_challenge[8];	// the CHALLENGE message's, and the one of the proof
	bool wrong_mic;
	uint16_t flags;					// of the AvPairs
	const char *target;				// of the AvPairs, or NULL
	bool no_key;					// does not negotiate one
};

static struct login good_login(void)
{
	static uint8_t counter;
	struct login login = { .user = "Anna", .domain = "", .password = "Geheim-π", .time = kg_filetime_now(), .flags = 2 };

	login.challenge[0] = login.their_challenge[0] = ++counter;
	return login;
}

static void put_utf16(struct kg_writer *writer, const char *text)
{
	uint8_t units[512];
	int size = kg_utf8_to_utf16(text, units, sizeof(units));

	kg_write_bytes(writer, units, (size_t)size);
}

/* Makes the question of kagami-auth; returns the tail's size. */
static size_t make(struct kg_legacy_crypto *crypto, const struct login *login, struct kg_auth_verify *ask, uint8_t tail[4096])
{
	uint8_t units[1024], hash[16], key[16], proof[16], base[16], random_key[16] = { 9, 8, 7 };
	struct kg_writer writer = kg_writer_of(tail, 4096), identity = kg_writer_of(units, sizeof(units));
	uint8_t response[256], *challenge, *authenticate;
	struct kg_writer r = kg_writer_of(response, sizeof(response));
	char capitals[256];

	*ask = (struct kg_auth_verify){ 0 };
	memcpy(ask->session_key, random_key, 16);
	put_utf16(&identity, login->password);
	kg_md4(crypto, units, kg_writer_size(&identity), hash);
	identity = kg_writer_of(units, sizeof(units));
	snprintf(capitals, sizeof(capitals), "%s", login->user);
	for (char *c = capitals; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c -= 32;
	put_utf16(&identity, capitals);
	put_utf16(&identity, login->domain);
	kg_hmac_md5(crypto, hash, units, kg_writer_size(&identity), key);

	/* NTLMv2_CLIENT_CHALLENGE behind the proof */
	kg_write_zeros(&r, 16);
	kg_write_u16(&r, 0x0101);
	kg_write_zeros(&r, 6);
	kg_write_u64(&r, login->time);
	kg_write_u64(&r, 0x1122334455667788);
	kg_write_u32(&r, 0);
	kg_write_u16(&r, 6);
	kg_write_u16(&r, 4);
	kg_write_u32(&r, login->flags);
	if (login->target) {
		struct kg_writer name = kg_writer_of(units, sizeof(units));

		put_utf16(&name, login->target);
		kg_write_u16(&r, 9);
		kg_write_u16(&r, (uint16_t)kg_writer_size(&name));
		kg_write_bytes(&r, units, kg_writer_size(&name));
	}
	kg_write_u32(&r, 0);

	put_utf16(&writer, login->user);
	ask->user = (uint16_t)kg_writer_size(&writer);
	put_utf16(&writer, login->domain);
	ask->domain = (uint16_t)(kg_writer_size(&writer) - ask->user);
	size_t at = kg_writer_size(&writer);

	kg_write_bytes(&writer, login->their_challenge, 8);
	kg_write_bytes(&writer, response + 16, kg_writer_size(&r) - 16);
	ask->proof = (uint16_t)(kg_writer_size(&writer) - at);
	kg_hmac_md5(crypto, key, tail + at, ask->proof, proof);
	memcpy(response, proof, 16);
	kg_hmac_md5(crypto, key, proof, 16, base);

	at = kg_writer_size(&writer);
	kg_write_bytes(&writer, "NTLMSSP\0\1\0\0\0", 12);
	kg_write_zeros(&writer, 28);
	challenge = writer.at;
	kg_write_bytes(&writer, "NTLMSSP\0\2\0\0\0", 12);
	kg_write_zeros(&writer, 12);
	kg_write_bytes(&writer, login->challenge, 8);
	kg_write_zeros(&writer, 24);
	authenticate = writer.at;
	kg_write_bytes(&writer, "NTLMSSP\0\3\0\0\0", 12);
	kg_write_zeros(&writer, 8);
	kg_write_u16(&writer, (uint16_t)kg_writer_size(&r));
	kg_write_u16(&writer, (uint16_t)kg_writer_size(&r));
	kg_write_u32(&writer, 88);
	kg_write_zeros(&writer, 32);
	kg_write_u32(&writer, login->no_key ? 0 : 0x40000000);
	kg_write_zeros(&writer, 24);
	kg_write_bytes(&writer, response, kg_writer_size(&r));
	ask->messages = (uint16_t)(kg_writer_size(&writer) - at);
	(void)challenge;
	(void)authenticate;

	uint8_t exported[16];

	kg_rc4(crypto, base, ask->session_key, 16, exported);
	kg_hmac_md5(crypto, exported, tail + at, ask->messages, ask->mic);
	if (login->wrong_mic)
		ask->mic[3] ^= 1;
	return kg_writer_size(&writer);
}

static struct kg_verify_result try(struct kg_hashes *hashes, const struct login *login)
{
	struct kg_verify_result result;
	struct kg_auth_verify ask;
	uint8_t tail[4096];
	size_t size = make(kg_hashes_crypto(hashes), login, &ask, tail);

	kg_verify_ntlm(hashes, &ask, tail, size, kg_filetime_now(), &result);
	return result;
}

static void check_login(struct kg_hashes *hashes)
{
	struct login login = good_login();
	struct kg_verify_result result = try(hashes, &login);

	ok(result.ok && !strcmp(result.user, "anna"), "the right password is verified, under the name of the file (%s)",
	   result.why ? result.why : "ok");
	result = try(hashes, &login);
	ok(!result.ok, "the same log-in is refused the second time (%s)", result.why);

	login = good_login();
	login.domain = "WORKGROUP";
	ok(try(hashes, &login).ok, "a domain in front of the name changes nothing");
	login = good_login();
	login.user = "jörg";
	ok(try(hashes, &login).ok, "a name beyond ASCII is found");
	for (size_t i = 0; i < 3; i++) {
		login = good_login();
		login.target = (const char *[]){ "TERMSRV/10.0.0.1", "termsrv/kagami", "" }[i];
		ok(try(hashes, &login).ok, "a client may say that it logs in to '%s'", login.target);
	}

	struct {
		const char *what;
		struct login login;
	} wrong[12];

	for (size_t i = 0; i < KG_ARRAY_SIZE(wrong); i++)
		wrong[i].login = good_login();
	wrong[0].what = "a wrong password", wrong[0].login.password = "geheim-π";
	wrong[1].what = "an unknown user", wrong[1].login.user = "otto";
	wrong[2].what = "a challenge that is not ours", wrong[2].login.challenge[5] = 1;
	wrong[3].what = "a wrong MIC", wrong[3].login.wrong_mic = true;
	wrong[4].what = "a client without MIC", wrong[4].login.flags = 0;
	wrong[5].what = "a log-in of yesterday", wrong[5].login.time -= 864000000000;
	wrong[6].what = "a log-in of tomorrow", wrong[6].login.time += 864000000000;
	wrong[7].what = "an empty password", wrong[7].login.password = "";
	wrong[8].what = "a log-in to files", wrong[8].login.target = "cifs/kagami";
	wrong[9].what = "a log-in to a web site", wrong[9].login.target = "HTTP/TERMSRV/";
	wrong[10].what = "a log-in to half a name", wrong[10].login.target = "TERMSRV";
	wrong[11].what = "a client without a key", wrong[11].login.no_key = true;
	for (size_t i = 0; i < KG_ARRAY_SIZE(wrong); i++) {
		struct kg_verify_result first = try(hashes, &wrong[i].login), second = try(hashes, &wrong[i].login);

		ok(!first.ok && first.why && memcmp(first.key, second.key, 16) &&
			   memcmp(first.session_key, second.session_key, 16), "%s is refused with a random key (%s)",
		   wrong[i].what, first.why);
	}
}

/* What winpr makes of the two keys has to be what the client exported, and neither may be one of the user's. */
static void check_exported(struct kg_hashes *hashes)
{
	struct kg_legacy_crypto *crypto = kg_hashes_crypto(hashes);
	struct login login = good_login();
	struct kg_verify_result result, again;
	struct kg_auth_verify ask;
	uint8_t tail[4096], proof[16], base[16], exported[16], mic[16];
	size_t size = make(crypto, &login, &ask, tail), proof_at = (size_t)ask.user + ask.domain;

	kg_verify_ntlm(hashes, &ask, tail, size, kg_filetime_now(), &result);
	kg_hmac_md5(crypto, result.key, tail + proof_at, ask.proof, proof);
	kg_hmac_md5(crypto, result.key, proof, 16, base);
	kg_rc4(crypto, base, result.session_key, 16, exported);
	kg_hmac_md5(crypto, exported, tail + proof_at + ask.proof, ask.messages, mic);
	ok(result.ok && !memcmp(exported, result.exported, 16) && !memcmp(mic, ask.mic, 16),
	   "the two keys lead to the one that the client exported");
	login = good_login();
	again = try(hashes, &login);
	ok(again.ok && memcmp(again.key, result.key, 16), "and are others with each log-in of a user");
}

/* ---- what binds a log-in to our TLS key ---- */

struct seal {
	const char *what;
	uint8_t exported[16];
	const char *key;	// that the client saw
	const char *magic;	// of the hash
	uint8_t their_nonce;	// of the hash; the message says 7
	bool has_nonce;
	uint32_t number;	// sequence number
	int flip, cut;		// a byte of the sealed message that is changed, or -1; bytes cut off
};

#define KEY "the SubjectPublicKey of this server"

static size_t seal(struct kg_legacy_crypto *crypto, const struct seal *how, uint8_t sealed[512])
{
	static const char *const magics[] = { "session key to client-to-server signing key magic constant",
					      "session key to client-to-server sealing key magic constant" };
	uint8_t keys[2][16], bytes[512], numbered[512], mac[16], out[512];
	struct kg_writer hashed = kg_writer_of(bytes, sizeof(bytes));
	size_t size = strlen(how->key);

	for (int i = 0; i < 2; i++) {
		memcpy(bytes, how->exported, 16);
		strcpy((char *)bytes + 16, magics[i]);
		kg_md5(crypto, bytes, 16 + strlen(magics[i]) + 1, keys[i]);
	}
	kg_write_bytes(&hashed, how->magic, strlen(how->magic) + 1);
	memset(hashed.at, how->their_nonce, 32);
	hashed.at += 32;
	kg_write_bytes(&hashed, how->key, strlen(how->key));
	memcpy(numbered, &how->number, 4);
	if (how->has_nonce) {
		unsigned length = 32;

		size = 32;
		EVP_Digest(bytes, kg_writer_size(&hashed), numbered + 4, &length, EVP_sha256(), NULL);
	} else {
		memcpy(numbered + 4, how->key, size);
	}
	kg_hmac_md5(crypto, keys[0], numbered, 4 + size, mac);
	memcpy(numbered + 4 + size, mac, 8);
	kg_rc4(crypto, keys[1], numbered + 4, size + 8, out);
	memcpy(sealed, "\1\0\0\0", 4);
	memcpy(sealed + 4, out + size, 8);
	memcpy(sealed + 12, &how->number, 4);
	memcpy(sealed + 16, out, size);
	if (how->flip >= 0)
		sealed[how->flip] ^= 4;
	return 16 + size - (size_t)how->cut;
}

static bool binds(struct kg_legacy_crypto *crypto, const struct seal *how)
{
	static const uint8_t exported[16] = { 1, 2, 3 };
	struct kg_session_logon logon = { .has_nonce = how->has_nonce };
	uint8_t sealed[512];
	size_t size = seal(crypto, how, sealed);
	uint8_t *exact = malloc(size);
	bool right;

	memcpy(exact, sealed, size);
	memset(logon.nonce, 7, sizeof(logon.nonce));
	right = kg_binding_right(crypto, exported, &logon, exact, size, (const uint8_t *)KEY, strlen(KEY));
	free(exact);
	return right;
}

static void check_binding(struct kg_legacy_crypto *crypto)
{
	const struct seal good = { "", { 1, 2, 3 }, KEY, "CredSSP Client-To-Server Binding Hash", 7, true, 0, -1, 0 };
	struct seal wrong[] = { good, good, good, good, good, good, good, good }, old = good, cut = good;
	bool right = true;

	ok(binds(crypto, &good), "a log-in that was made for this server is bound to it");
	old.has_nonce = false;
	ok(binds(crypto, &old), "and one by CredSSP before version 5");
	wrong[0].what = "made for another server", wrong[0].key = "the SubjectPublicKey of that server";
	wrong[1].what = "whose key is another", wrong[1].exported[5] = 1;
	wrong[2].what = "with another nonce", wrong[2].their_nonce = 8;
	wrong[3].what = "that is our answer, played back", wrong[3].magic = "CredSSP Server-To-Client Binding Hash";
	wrong[4].what = "with a longer key of before version 5", wrong[4].key = KEY "x", wrong[4].has_nonce = false;
	wrong[5].what = "with another key of before version 5", wrong[5].key = "x", wrong[5].has_nonce = false;
	wrong[6].what = "of another version of signatures", wrong[6].flip = 0;
	wrong[7].what = "with another number in its signature", wrong[7].flip = 12;
	for (size_t i = 0; i < KG_ARRAY_SIZE(wrong); i++)
		ok(!binds(crypto, &wrong[i]), "one %s is not", wrong[i].what);
	for (cut.cut = 1; cut.cut <= 48; cut.cut++)
		right = right && !binds(crypto, &cut);
	ok(right, "nor one that is cut off");
	for (struct seal flipped = good; ++flipped.flip < 48;)
		right = right && !binds(crypto, &flipped);
	ok(right, "nor one with a changed byte");
}

static void check_malformed(struct kg_hashes *hashes)
{
	struct login login = good_login();
	struct kg_verify_result result;
	struct kg_auth_verify ask, changed;
	uint8_t tail[4096], copy[4096];
	size_t size = make(kg_hashes_crypto(hashes), &login, &ask, tail);
	int accepted = 0;

	for (size_t n = 0; n < size; n++) {
		uint8_t *exact = malloc(n ? n : 1);

		memcpy(exact, tail, n);
		kg_verify_ntlm(hashes, &ask, exact, n, kg_filetime_now(), &result);
		accepted += result.ok;
		free(exact);
	}
	ok(!accepted, "no cut-off question is accepted");
	for (int i = 0; i < 20000; i++) {
		memcpy(copy, tail, size);
		changed = ask;
		if (i % 4)
			copy[rnd() % size] ^= (uint8_t)(1 + rnd() % 255);
		else
			((uint8_t *)&changed)[rnd() % sizeof(changed)] ^= (uint8_t)(1 + rnd() % 255);
		kg_verify_ntlm(hashes, &changed, copy, size, kg_filetime_now(), &result);
		if (result.ok)
			for (size_t j = 0; j < size; j++)
				if (copy[j] != tail[j])
					note("accepted with byte %zu of %zu changed, %02x to %02x", j, size, tail[j], copy[j]);
		accepted += result.ok && !memcmp(copy, tail, 8);	// capitals of the name may change
	}
	ok(!accepted, "a changed byte is never accepted");
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median_ms(struct kg_hashes *hashes, const char *user)
{
	double times[200];

	for (int i = 0; i < 200; i++) {
		struct login login = good_login();
		struct kg_verify_result result;
		struct kg_auth_verify ask;
		uint8_t tail[4096];
		size_t size;
		double start;

		login.user = user;
		login.password = "wrong";
		size = make(kg_hashes_crypto(hashes), &login, &ask, tail);
		start = tap_now();
		kg_verify_ntlm(hashes, &ask, tail, size, kg_filetime_now(), &result);
		times[i] = (tap_now() - start) * 1000;
	}
	qsort(times, 200, sizeof(*times), compare);
	return times[100];
}

static void check_file(void)
{
	struct kg_hash_entry entry;
	struct kg_hashes *hashes = NULL;
	struct stat st;
	FILE *f;

	ok(kg_hashes_write(path("hashes"), "User", "Password") == 0 && stat(path("hashes"), &st) == 0 &&
		   (st.st_mode & 0777) == 0600,
	   "the hash file is made, readable by nobody else");
	ok(kg_hashes_write(path("hashes"), "zweite", "x") == 0 && kg_hashes_write(path("hashes"), "USER", "Password") == 0 &&
		   kg_hashes_load(&hashes, path("hashes")) == 0 && kg_hashes_count(hashes) == 2,
	   "a second user is added, the first one replaced");
	/* [MS-NLMP] 4.2.2.1.2 */
	ok(kg_hashes_find(hashes, "uSER", &entry) &&
		   !memcmp(entry.hash, "\xa4\xf4\x9c\x40\x65\x10\xbd\xca\xb6\x82\x4e\xe7\xc3\x0f\xd8\x52", 16),
	   "the hash is that of [MS-NLMP]");
	ok(!kg_hashes_find(hashes, "nobody", &entry), "a user that is not there is not found");
	ok(kg_hashes_write(path("hashes"), "User", NULL) == 0 && kg_hashes_refresh(hashes) == 0 && kg_hashes_count(hashes) == 1,
	   "a user is taken out, and the running table follows");
	ok(kg_hashes_write(path("hashes"), "a:b", "x") < 0 && kg_hashes_write(path("hashes"), "", "x") < 0 &&
		   kg_hashes_write(path("hashes"), "a\nb", "x") < 0,
	   "names that would break the file are refused");
	kg_hashes_free(hashes);
	f = fopen(path("wrong"), "w");
	fputs("# comment\nanna:00112233445566778899aabbccddeeff\nbad line\n", f);
	fclose(f);
	ok(kg_hashes_load(&hashes, path("wrong")) == -EINVAL, "a wrong line is an error");
	ok(kg_hashes_load(&hashes, path("missing")) == 0, "a file that is not there holds no users");
	kg_hashes_free(hashes);
}

static void check_utf16(void)
{
	uint8_t units[16];
	char text[16];

	ok(kg_utf8_to_utf16("a€😀", units, sizeof(units)) == 8 && !memcmp(units, "a\0\xac\x20\x3d\xd8\x00\xde", 8) &&
		   kg_utf16_to_utf8(units, 8, text, sizeof(text)) == 8 && !strcmp(text, "a€😀"),
	   "UTF-8 to UTF-16 and back");
	ok(kg_utf8_to_utf16("\xc0\x80", units, sizeof(units)) < 0 && kg_utf8_to_utf16("\xed\xa0\x80", units, sizeof(units)) < 0 &&
		   kg_utf8_to_utf16("\xe2\x82", units, sizeof(units)) < 0 && kg_utf8_to_utf16("aaaaaaaaa", units, 16) < 0,
	   "malformed or too long UTF-8 is refused");
	ok(kg_utf16_to_utf8((const uint8_t *)"\x3d\xd8", 2, text, 16) < 0 &&
		   kg_utf16_to_utf8((const uint8_t *)"a\0\0\0", 4, text, 16) < 0 &&
		   kg_utf16_to_utf8((const uint8_t *)"a\0b", 3, text, 16) < 0 &&
		   kg_utf16_to_utf8((const uint8_t *)"a\0b\0", 4, text, 2) < 0,
	   "malformed or too long UTF-16 is refused");
}

static void check_keys(void)
{
	static const char tls13[] = "TLS 1.3, server CertificateVerify";
	struct kg_session_sign ask = { .padding = RSA_PKCS1_PSS_PADDING, .digest = "SHA2-256" };
	uint8_t bytes[512] = { 0 }, signature[KG_SESSION_SIGNATURE_MAX];
	char first[KG_FINGERPRINT_TEXT_SIZE], second[KG_FINGERPRINT_TEXT_SIZE];
	struct kg_tls_keys *keys;
	const char *why = NULL;
	struct stat st;
	size_t size;

	if (!ok(kg_tls_keys_load(&keys, NULL, NULL, directory, "host.example") == 0, "key and certificate are made"))
		return;
	ok(stat(path("server.key"), &st) == 0 && (st.st_mode & 0777) == 0600, "the key is readable by nobody else");
	kg_tls_keys_fingerprint(keys, first);
	kg_tls_keys_free(keys);
	ok(kg_tls_keys_load(&keys, NULL, NULL, directory, "host.example") == 0, "and found the next time");
	kg_tls_keys_fingerprint(keys, second);
	ok(strlen(first) == 95 && !strcmp(first, second) && kg_tls_keys_days_left(keys) > 700, "the same ones");

	memset(bytes, ' ', 64);
	memcpy(bytes + 64, tls13, sizeof(tls13));
#define SIGN(n) (size = sizeof(signature), kg_tls_keys_sign(keys, &ask, bytes, n, signature, &size, &why))
	ok(SIGN(130) == 0 && size == 256 && SIGN(146) == 0, "a TLS 1.3 handshake is signed");
	ok(SIGN(129) == -EPERM && SIGN(131) == -EPERM, "other sizes are not");
	ask.padding = RSA_PKCS1_PADDING;
	ok(SIGN(130) == -EPERM, "TLS 1.3 is not signed with the old padding");
	bytes[0] = 'x';
	ask.padding = RSA_PKCS1_PSS_PADDING;
	ok(SIGN(130) == -EPERM, "free text is not signed (%s)", why);
	memcpy(bytes + 64, "\x03\x00\x1d\x20", 4);
	ask.padding = RSA_PKCS1_PADDING;
	ok(SIGN(100) == 0, "a TLS 1.2 key exchange is signed");
	ok(SIGN(101) == -EPERM, "but not with more behind it");
	strcpy(ask.digest, "MD5");
	ok(SIGN(100) == -EPERM, "nor with another digest");
	memset(ask.digest, 'A', sizeof(ask.digest));
	ok(SIGN(100) == -EPERM, "nor with a digest without an end");
	kg_tls_keys_free(keys);
	ok(kg_tls_keys_load(&keys, path("server.crt"), NULL, directory, "x") < 0 &&
		   kg_tls_keys_load(&keys, path("server.crt"), path("server.crt"), directory, "x") < 0,
	   "a certificate without its key is an error");
}

int main(void)
{
	struct kg_hashes *hashes;
	double known, unknown;
	char command[64];

	kg_log_init("test_verify", KG_LOG_ERR);
	tap_seed_init();
	if (!mkdtemp(directory))
		return 1;
	check_utf16();
	check_file();
	check_keys();
	if (kg_hashes_load(&hashes, NULL) < 0 || kg_hashes_add_password(hashes, "anna", "Geheim-π") < 0 ||
	    kg_hashes_add_password(hashes, "jörg", "Geheim-π") < 0)
		return 1;
	check_login(hashes);
	check_exported(hashes);
	check_binding(kg_hashes_crypto(hashes));
	check_malformed(hashes);
	known = median_ms(hashes, "anna");
	unknown = median_ms(hashes, "nobody-at-all");
	ok(known - unknown < 0.5 && unknown - known < 0.5, "unknown users take the same time: %.3f and %.3f ms", known, unknown);
	kg_hashes_free(hashes);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command) | tap_end();
}
