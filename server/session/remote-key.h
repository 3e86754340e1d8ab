/*
 * An RSA key whose private half is in another process: an OpenSSL provider that is built into the program. OpenSSL and
 * FreeRDP use the key as any other; for a signature the bytes to be signed go to the owner of the key, not their digest, so
 * that the owner can see what it signs.
 *
 * Once per process, because a provider is. winpr_InitializeSSL(), or anything that loads the default provider, comes before
 * kg_remote_key_init(): the first provider that is loaded by name turns the implicit default one off.
 */
#pragma once

#include "base/base.h"

#include <openssl/x509.h>

/*
 * Asks for a signature of the bytes by PKCS#1 1.5 (padding RSA_PKCS1_PADDING) or PSS with a salt as long as the digest
 * (RSA_PKCS1_PSS_PADDING); digest is OpenSSL's name, "SHA2-256". Writes it to signature, at most room bytes, and returns its
 * size or a negative errno. It may block.
 */
typedef int (*kg_sign_fn)(void *data, int padding, const char *digest, const uint8_t *bytes, size_t size,
			  uint8_t *signature, size_t room);

int kg_remote_key_init(kg_sign_fn sign, void *data);
void kg_remote_key_done(void);		// after the last key

/* The key that belongs to a certificate, as PEM text that only this provider can read. Freed with free(); NULL when it cannot
 * be made: the certificate's key is not RSA, or memory is short. */
char *kg_remote_key_pem(X509 *certificate);
