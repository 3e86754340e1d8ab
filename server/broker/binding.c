/* Opens what a client sealed of our TLS key, and compares. */
#include "server/broker/binding.h"

#include "server/broker/legacy-crypto.h"
#include "server/control/session-messages.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

/* With extended session security and keys of 128 bits; winpr, and every client that is still alive, does nothing else. */
#define SIGNING "session key to client-to-server signing key magic constant"	// [MS-NLMP] 3.4.5.2
#define SEALING "session key to client-to-server sealing key magic constant"	// [MS-NLMP] 3.4.5.3
#define BINDING "CredSSP Client-To-Server Binding Hash"				// [MS-CSSP] 3.1.5
#define SIGNATURE 16	// version, checksum, sequence number ([MS-NLMP] 2.2.2.9.2)
#define CHECKSUM 8
#define OPENED_MAX (KG_SESSION_SEALED_MAX - SIGNATURE)

/* magic_size counts the zero at its end, which is part of it. */
static int derive(struct kg_legacy_crypto *crypto, const uint8_t exported[16], const char *magic, size_t magic_size,
		  uint8_t ret[16])
{
	uint8_t bytes[16 + sizeof(SIGNING)];
	int r;

	memcpy(bytes, exported, 16);
	memcpy(bytes + 16, magic, magic_size);
	r = kg_md5(crypto, bytes, 16 + magic_size, ret);
	explicit_bzero(bytes, sizeof(bytes));
	return r;
}

/*
 * [MS-NLMP] 3.4.4.2: the checksum is the head of HMAC-MD5(signing key, sequence number | bytes), sealed behind the bytes. sealed
 * is signature | bytes. The opened bytes are sealed_size - SIGNATURE.
 */
static bool unseal(struct kg_legacy_crypto *crypto, const uint8_t exported[16], const uint8_t *sealed, size_t sealed_size,
		   uint8_t opened[OPENED_MAX])
{
	static const uint8_t version[4] = { 1 };
	uint8_t signing[16], sealing[16], mac[16];
	uint8_t stream[OPENED_MAX + CHECKSUM], plain[4 + OPENED_MAX + CHECKSUM];
	size_t size = sealed_size - SIGNATURE;
	bool right;

	memcpy(stream, sealed + SIGNATURE, size);
	memcpy(stream + size, sealed + 4, CHECKSUM);
	memcpy(plain, sealed + 4 + CHECKSUM, 4);
	right = derive(crypto, exported, SIGNING, sizeof(SIGNING), signing) == 0 &&
		derive(crypto, exported, SEALING, sizeof(SEALING), sealing) == 0 &&
		kg_rc4(crypto, sealing, stream, size + CHECKSUM, plain + 4) == 0 &&
		kg_hmac_md5(crypto, signing, plain, 4 + size, mac) == 0 &&
		!memcmp(sealed, version, sizeof(version)) && !CRYPTO_memcmp(mac, plain + 4 + size, CHECKSUM);
	if (right)
		memcpy(opened, plain + 4, size);
	explicit_bzero(signing, sizeof(signing));
	explicit_bzero(sealing, sizeof(sealing));
	return right;
}

static bool is_hash(const struct kg_session_logon *logon, const uint8_t *opened, const uint8_t *key, size_t key_size)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t hash[32];
	bool right = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) &&
		     EVP_DigestUpdate(context, BINDING, sizeof(BINDING)) &&
		     EVP_DigestUpdate(context, logon->nonce, sizeof(logon->nonce)) &&
		     EVP_DigestUpdate(context, key, key_size) && EVP_DigestFinal_ex(context, hash, NULL) &&
		     !memcmp(opened, hash, sizeof(hash));

	EVP_MD_CTX_free(context);
	return right;
}

bool kg_binding_right(struct kg_legacy_crypto *crypto, const uint8_t exported[16], const struct kg_session_logon *logon,
		      const uint8_t *sealed, size_t sealed_size, const uint8_t *key, size_t key_size)
{
	size_t expected = logon->has_nonce ? 32 : key_size;
	uint8_t opened[OPENED_MAX];

	if (expected > OPENED_MAX || sealed_size != SIGNATURE + expected ||
	    !unseal(crypto, exported, sealed, sealed_size, opened))
		return false;
	return logon->has_nonce ? is_hash(logon, opened, key, key_size) : !memcmp(opened, key, key_size);
}
