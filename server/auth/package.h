/*
 * winpr's security package Negotiate (SPNEGO, NTLM) behind plain calls: one acceptor for one log-in attempt. Whether the attempt
 * is right, and the key it goes on with, are asked through a callback; passwords are blanked.
 */
#pragma once

#include "base/base.h"

struct kg_auth_key;
struct kg_auth_verify;
struct kg_package;

/* Asks kagamid; fills in the keys to go on with (wrong ones for a wrong attempt). A negative errno ends the attempt. */
typedef int (*kg_package_verify_fn)(void *data, const struct kg_auth_verify *ask, const void *tail, size_t tail_size,
				    struct kg_auth_key *ret);

/* To be called before the lock: loads what OpenSSL and Kerberos want from files. Errors are logged. */
int kg_package_new(struct kg_package **ret, kg_package_verify_fn verify, void *data);
void kg_package_free(struct kg_package *package);	// NULL is fine

/*
 * One question of the session each. to has *size bytes of room, which become those written. The status is winpr's
 * SECURITY_STATUS; bytes are only written with a good one.
 */
uint32_t kg_package_accept(struct kg_package *package, uint32_t attributes, void *token, size_t token_size, uint8_t *to,
			   size_t *size);
uint32_t kg_package_sizes(struct kg_package *package, uint8_t *to, size_t *size);
uint32_t kg_package_encrypt(struct kg_package *package, uint32_t sequence, const void *bytes, size_t bytes_size, uint8_t *to,
			    size_t *size, size_t *ret_signature);
uint32_t kg_package_decrypt(struct kg_package *package, uint32_t sequence, void *signature, size_t signature_size, void *bytes,
			    size_t bytes_size, uint8_t *to, size_t *size);
