/* The OpenSSL provider of keys that are elsewhere: whole TLS handshakes in memory, with a signer that looks at what it signs. */
#include "server/session/remote-key.h"

#include "tests/tap.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>

static OSSL_PROVIDER *standard;
static EVP_PKEY *real;			// what kagamid holds
static unsigned signatures;
static bool refusing, well_formed;

/* [RFC 8446] 4.4.3 and [RFC 5246] 7.4.3: what a TLS server signs, and nothing else. */
static bool is_tls_server(int padding, const uint8_t *bytes, size_t size)
{
	static const char label[] = "TLS 1.3, server CertificateVerify";

	if (size == 130 || size == 146) {
		for (int i = 0; i < 64; i++)
			if (bytes[i] != 0x20)
				return false;
		return padding == RSA_PKCS1_PSS_PADDING && !memcmp(bytes + 64, label, sizeof(label));
	}
	return size > 68 && bytes[64] == 3 && (size_t)bytes[67] == size - 68;
}

static int sign(void *data, int padding, const char *digest, const uint8_t *bytes, size_t size, uint8_t *signature, size_t room)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key;
	size_t length = room;
	bool done;

	signatures++;
	well_formed = is_tls_server(padding, bytes, size);
	done = EVP_DigestSignInit_ex(context, &key, digest, NULL, NULL, real, NULL) > 0 &&
	       EVP_PKEY_CTX_set_rsa_padding(key, padding) > 0 &&
	       (padding != RSA_PKCS1_PSS_PADDING || EVP_PKEY_CTX_set_rsa_pss_saltlen(key, RSA_PSS_SALTLEN_DIGEST) > 0) &&
	       EVP_DigestSign(context, signature, &length, bytes, size) > 0;
	EVP_MD_CTX_free(context);
	return refusing || !done ? -EACCES : (int)length;
}

static X509 *make_certificate(EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);

	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_issuer_name(certificate, name);
	X509_set_pubkey(certificate, key);
	X509_sign(certificate, key, EVP_sha256());
	return certificate;
}

static EVP_PKEY *read_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return key;
}

/* A handshake of a server with the key and a client that knows the certificate. */
static bool handshake(EVP_PKEY *key, X509 *certificate, int version, const char *groups, const char *algorithms)
{
	SSL_CTX *server_context = SSL_CTX_new(TLS_server_method()), *client_context = SSL_CTX_new(TLS_client_method());
	SSL *server = SSL_new(server_context), *client = SSL_new(client_context);
	BIO *a, *b;
	bool done;

	X509_STORE_add_cert(SSL_CTX_get_cert_store(client_context), certificate);
	SSL_set_verify(client, SSL_VERIFY_PEER, NULL);
	SSL_set_min_proto_version(server, version);
	SSL_set_max_proto_version(server, version);
	SSL_set1_groups_list(server, "P-521:P-256:X25519");
	if (groups)
		SSL_set1_groups_list(client, groups);
	if (algorithms)
		SSL_set1_sigalgs_list(client, algorithms);
	SSL_use_certificate(server, certificate);
	SSL_use_PrivateKey(server, key);
	BIO_new_bio_pair(&a, 0, &b, 0);
	SSL_set_bio(server, a, a);
	SSL_set_bio(client, b, b);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	for (int i = 0; i < 20 && !(SSL_is_init_finished(server) && SSL_is_init_finished(client)); i++) {
		SSL_do_handshake(client);
		SSL_do_handshake(server);
	}
	done = SSL_is_init_finished(server) && SSL_is_init_finished(client) && SSL_version(client) == version;
	SSL_free(server);
	SSL_free(client);
	SSL_CTX_free(server_context);
	SSL_CTX_free(client_context);
	return done;
}

static void test_handshake(EVP_PKEY *key, X509 *certificate, int version, const char *groups, const char *algorithms,
			   const char *what)
{
	bool done;

	signatures = 0;
	well_formed = false;
	done = handshake(key, certificate, version, groups, algorithms);
	ok(done && signatures == 1 && well_formed, "%s: one signature, over what a TLS server signs", what);
}

static void test_refusal(EVP_PKEY *key, X509 *certificate)
{
	refusing = true;
	ok(!handshake(key, certificate, TLS1_3_VERSION, NULL, NULL), "no handshake without a signature");
	refusing = false;
}

static void test_key(EVP_PKEY *key)
{
	BIGNUM *exponent = NULL;
	BIO *out = BIO_new(BIO_s_mem());
	EVP_PKEY *copy;

	ok(EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) == 2048 && EVP_PKEY_get_size(key) == 256,
	   "the key looks like an RSA key of 2048 bits");
	ok(EVP_PKEY_get_bn_param(key, "d", &exponent) && BN_is_one(exponent), "its private exponent is none");
	ok(!PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), "it cannot be written out");
	copy = EVP_PKEY_dup(key);
	ok(!copy || !EVP_PKEY_eq(copy, key) || EVP_PKEY_get0_provider(copy) == EVP_PKEY_get0_provider(key),
	   "no other provider gets a copy");
	EVP_PKEY_free(copy);
	BN_free(exponent);
	BIO_free(out);
}

static void test_others(X509 *certificate)
{
	EVP_PKEY *other = EVP_RSA_gen(2048), *curve = EVP_EC_gen("P-256");
	X509 *foreign = make_certificate(other), *elliptic = make_certificate(curve);
	char *pem = kg_remote_key_pem(foreign), *bad = kg_remote_key_pem(elliptic);
	EVP_PKEY *key = pem ? read_key(pem) : NULL;

	ok(key && !X509_check_private_key(certificate, key), "a key that does not fit the certificate is seen");
	ok(!bad, "a certificate of another kind of key gives no key");
	ok(handshake(real, certificate, TLS1_3_VERSION, NULL, NULL), "keys of other providers go on working");
	ok(!read_key("-----BEGIN KAGAMI REMOTE KEY-----\nAAAA\n-----END KAGAMI REMOTE KEY-----\n"),
	   "a malformed key is refused");
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	EVP_PKEY_free(curve);
	X509_free(foreign);
	X509_free(elliptic);
	free(pem);
	free(bad);
}

int main(void)
{
	X509 *certificate;
	EVP_PKEY *key;
	char *pem;

	/* As winpr_InitializeSSL() does: loading any provider turns the implicit default one off. */
	standard = OSSL_PROVIDER_load(NULL, "default");
	real = EVP_RSA_gen(2048);
	certificate = make_certificate(real);
	ok(kg_remote_key_init(sign, NULL) == 0, "the provider loads");
	pem = kg_remote_key_pem(certificate);
	ok(pem && !strstr(pem, "PRIVATE"), "the key is a text without a private half");
	key = pem ? read_key(pem) : NULL;
	if (!ok(key && X509_check_private_key(certificate, key), "the key fits the certificate"))
		return tap_end();
	test_key(key);
	test_handshake(key, certificate, TLS1_2_VERSION, NULL, NULL, "TLS 1.2");
	test_handshake(key, certificate, TLS1_2_VERSION, "P-256", "RSA+SHA256", "TLS 1.2 with PKCS#1 1.5");
	test_handshake(key, certificate, TLS1_2_VERSION, "P-256", "rsa_pss_rsae_sha512", "TLS 1.2 with PSS and SHA-512");
	test_handshake(key, certificate, TLS1_3_VERSION, NULL, NULL, "TLS 1.3");
	test_handshake(key, certificate, TLS1_3_VERSION, "X448:P-256", NULL, "TLS 1.3 after a HelloRetryRequest");
	test_handshake(key, certificate, TLS1_3_VERSION, NULL, "rsa_pss_rsae_sha512", "TLS 1.3 with SHA-512");
	test_refusal(key, certificate);
	test_others(certificate);
	EVP_PKEY_free(key);
	EVP_PKEY_free(real);
	X509_free(certificate);
	free(pem);
	kg_remote_key_done();
	OSSL_PROVIDER_unload(standard);
	return tap_end();
}
