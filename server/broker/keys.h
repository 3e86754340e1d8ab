/* The server's TLS key and certificate: made on first start, and the only place that signs. The key never leaves kagamid. */
#pragma once

#include "base/base.h"

struct kg_session_sign;
struct kg_tls_keys;

#define KG_FINGERPRINT_TEXT_SIZE 96	// SHA-256 as "aa:bb:...", 64 digits and 31 colons, and the end

/*
 * Loads certificate and key (PEM files; both or neither given), or those in state_dir, where they are made when missing:
 * RSA-2048, self-signed, named after host, the key readable by nobody else. Errors are logged. The key must be RSA (2048
 * bits or more) and belong to the certificate.
 */
int kg_tls_keys_load(struct kg_tls_keys **ret, const char *certificate, const char *key, const char *state_dir,
		     const char *host);
void kg_tls_keys_free(struct kg_tls_keys *keys);	// NULL is fine

/* The certificate (chain) as PEM, for sessions; valid as long as keys. */
const char *kg_tls_keys_pem(const struct kg_tls_keys *keys, size_t *ret_size);

/* SubjectPublicKey of the certificate, to which a log-in by CredSSP is bound; valid as long as keys. */
const uint8_t *kg_tls_keys_public(const struct kg_tls_keys *keys, size_t *ret_size);
void kg_tls_keys_fingerprint(const struct kg_tls_keys *keys, char text[KG_FINGERPRINT_TEXT_SIZE]);

/* Days until the certificate ends; negative when it has ended. */
int kg_tls_keys_days_left(const struct kg_tls_keys *keys);

/*
 * Signs for a session's TLS handshake: only what a TLS 1.2 or 1.3 server signs ([RFC 8446] 4.4.3, [RFC 8422] 5.4), only with
 * the paddings and digests that go with it. *size: room at signature, then its size. A refusal is -EPERM with *why set.
 */
int kg_tls_keys_sign(const struct kg_tls_keys *keys, const struct kg_session_sign *ask, const void *bytes, size_t bytes_size,
		     uint8_t *signature, size_t *size, const char **why);
