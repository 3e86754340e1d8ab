/*
 * MD4, MD5, RC4 and HMAC-MD5: what NTLM is made of ([MS-NLMP] 3.3.2, 3.4.4). MD4 and RC4 come from OpenSSL's legacy provider, loaded
 * into a library context of its own, so that nothing else can use them.
 */
#pragma once

#include "base/base.h"

struct kg_legacy_crypto;

/* -ENOTSUP, logged with a cure, when OpenSSL's legacy provider is missing. */
int kg_legacy_crypto_new(struct kg_legacy_crypto **ret);
void kg_legacy_crypto_free(struct kg_legacy_crypto *crypto);	// NULL is fine

/* Each returns 0, or -EIO when OpenSSL fails. */
int kg_md4(struct kg_legacy_crypto *crypto, const void *bytes, size_t size, uint8_t ret[16]);
int kg_md5(struct kg_legacy_crypto *crypto, const void *bytes, size_t size, uint8_t ret[16]);
int kg_rc4(struct kg_legacy_crypto *crypto, const uint8_t key[16], const uint8_t *in, size_t size, uint8_t *out);
int kg_hmac_md5(struct kg_legacy_crypto *crypto, const uint8_t key[16], const void *bytes, size_t size, uint8_t ret[16]);
