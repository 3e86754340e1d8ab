/* MD4, MD5, RC4 and HMAC-MD5 for NTLM, from a library context of their own. */
#define KG_TOPIC "crypto"

#include "server/broker/legacy-crypto.h"

#include "base/log.h"

#include <limits.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>

struct kg_legacy_crypto {
	OSSL_LIB_CTX *library;
	OSSL_PROVIDER *legacy, *normal;
	EVP_MD *md4, *md5;
	EVP_CIPHER *rc4;
	EVP_MAC *hmac;
};

/*
 * Each once with nothing secret. A function of a library is bound when it is first called, and that saves the vector registers
 * on the stack, where a piece of a password would stay.
 */
static bool works(struct kg_legacy_crypto *crypto)
{
	uint8_t bytes[200] = { 1 }, result[16];

	return kg_md4(crypto, bytes, sizeof(bytes), result) == 0 && kg_md5(crypto, bytes, sizeof(bytes), result) == 0 &&
	       kg_rc4(crypto, bytes, bytes, sizeof(result), result) == 0 &&
	       kg_hmac_md5(crypto, bytes, bytes, sizeof(bytes), result) == 0;
}

int kg_legacy_crypto_new(struct kg_legacy_crypto **ret)
{
	struct kg_legacy_crypto *crypto = calloc(1, sizeof(*crypto));

	if (!crypto)
		return -ENOMEM;
	crypto->library = OSSL_LIB_CTX_new();
	if (crypto->library) {
		crypto->legacy = OSSL_PROVIDER_load(crypto->library, "legacy");
		crypto->normal = OSSL_PROVIDER_load(crypto->library, "default");
		crypto->md4 = EVP_MD_fetch(crypto->library, "MD4", NULL);
		crypto->md5 = EVP_MD_fetch(crypto->library, "MD5", NULL);
		crypto->rc4 = EVP_CIPHER_fetch(crypto->library, "RC4", NULL);
		crypto->hmac = EVP_MAC_fetch(crypto->library, "HMAC", NULL);
	}
	if (!crypto->md4 || !crypto->md5 || !crypto->rc4 || !crypto->hmac || !works(crypto)) {
		kg_legacy_crypto_free(crypto);
		return kg_err(-ENOTSUP, "OpenSSL's legacy provider (legacy.so, in the package of libssl3) is missing; "
					"log-in by NLA needs its MD4 and RC4");
	}
	*ret = crypto;
	return 0;
}

void kg_legacy_crypto_free(struct kg_legacy_crypto *crypto)
{
	if (!crypto)
		return;
	EVP_MD_free(crypto->md4);
	EVP_MD_free(crypto->md5);
	EVP_CIPHER_free(crypto->rc4);
	EVP_MAC_free(crypto->hmac);
	if (crypto->legacy)
		OSSL_PROVIDER_unload(crypto->legacy);
	if (crypto->normal)
		OSSL_PROVIDER_unload(crypto->normal);
	OSSL_LIB_CTX_free(crypto->library);
	free(crypto);
}

/* The stack below the caller, where OpenSSL has had words of a password. */
static void __attribute__((noinline)) wipe_stack(void)
{
	uint8_t below[4096];

	explicit_bzero(below, sizeof(below));
}

static int digest(const EVP_MD *algorithm, const void *bytes, size_t size, uint8_t ret[16])
{
	unsigned length = 16;
	int r = EVP_Digest(bytes, size, ret, &length, algorithm, NULL) ? 0 : -EIO;

	wipe_stack();
	return r;
}

int kg_md4(struct kg_legacy_crypto *crypto, const void *bytes, size_t size, uint8_t ret[16])
{
	return digest(crypto->md4, bytes, size, ret);
}

int kg_md5(struct kg_legacy_crypto *crypto, const void *bytes, size_t size, uint8_t ret[16])
{
	return digest(crypto->md5, bytes, size, ret);
}

int kg_rc4(struct kg_legacy_crypto *crypto, const uint8_t key[16], const uint8_t *in, size_t size, uint8_t *out)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int done = 0;
	bool right = size <= INT_MAX && context && EVP_EncryptInit_ex2(context, crypto->rc4, key, NULL, NULL) &&
		     EVP_EncryptUpdate(context, out, &done, in, (int)size) && (size_t)done == size;

	EVP_CIPHER_CTX_free(context);
	return right ? 0 : -EIO;
}

int kg_hmac_md5(struct kg_legacy_crypto *crypto, const uint8_t key[16], const void *bytes, size_t size, uint8_t ret[16])
{
	char digest[] = "MD5";
	OSSL_PARAM parameters[] = { OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, sizeof(digest) - 1),
				    OSSL_PARAM_END };
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(crypto->hmac);
	size_t length = 0;
	bool right = context && EVP_MAC_init(context, key, 16, parameters) && EVP_MAC_update(context, bytes, size) &&
		     EVP_MAC_final(context, ret, &length, 16) && length == 16;

	EVP_MAC_CTX_free(context);
	return right ? 0 : -EIO;
}
