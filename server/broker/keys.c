/* The server's TLS key and certificate: made on first start, and the only place that signs. */
#define KG_TOPIC "keys"

#include "server/broker/keys.h"

#include "base/log.h"
#include "server/broker/files.h"
#include "server/control/session-messages.h"

#include <limits.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#define KEY_BITS 2048
#define VALID_DAYS (2 * 365)
#define FILE_MAX (1 << 20)

struct kg_tls_keys {
	EVP_PKEY *key;
	X509 *certificate;
	char *pem;
	size_t pem_size;
};

/* Logs what OpenSSL says, and -EINVAL. */
static int ssl_error(const char *what, const char *path)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	ERR_clear_error();
	return kg_err(-EINVAL, "%s %s: %s", what, path, reason ? reason : "unknown reason");
}

/* Writes what OpenSSL wrote. */
static int write_bio(const char *path, mode_t mode, BIO *content)
{
	char *bytes;
	long size = BIO_get_mem_data(content, &bytes);

	return kg_file_replace(path, mode, bytes, (size_t)size);
}

static int add_extension(X509 *certificate, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	int right;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	right = extension && X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
	return right ? 0 : -EINVAL;
}

/* A self-signed certificate for key. NULL when OpenSSL fails. */
static X509 *make_certificate(EVP_PKEY *key, const char *host)
{
	X509 *certificate = X509_new();
	BIGNUM *serial = BN_new();
	char names[512];
	X509_NAME *name;

	snprintf(names, sizeof(names), "DNS:%s", host);
	if (!certificate || !serial || !X509_set_version(certificate, X509_VERSION_3) ||
	    !BN_rand(serial, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) ||
	    !BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) ||
	    !X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) ||
	    !X509_time_adj_ex(X509_getm_notAfter(certificate), VALID_DAYS, 0, NULL) || !X509_set_pubkey(certificate, key))
		goto fail;
	name = X509_get_subject_name(certificate);
	if (!X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)host, -1, -1, 0) ||
	    !X509_set_issuer_name(certificate, name) || add_extension(certificate, NID_subject_alt_name, names) < 0 ||
	    add_extension(certificate, NID_ext_key_usage, "serverAuth") < 0 ||
	    add_extension(certificate, NID_key_usage, "critical,digitalSignature,keyEncipherment") < 0 ||
	    !X509_sign(certificate, key, EVP_sha256()))
		goto fail;
	BN_free(serial);
	return certificate;

fail:
	BN_free(serial);
	X509_free(certificate);
	return NULL;
}

/* The first start: key and certificate into their files. */
static int make_files(const char *certificate_path, const char *key_path, const char *host)
{
	EVP_PKEY *key = EVP_RSA_gen(KEY_BITS);
	X509 *certificate = key ? make_certificate(key, host) : NULL;
	BIO *key_text = BIO_new(BIO_s_secmem()), *certificate_text = BIO_new(BIO_s_mem());
	int r = -EINVAL;

	if (!certificate || !key_text || !certificate_text ||
	    !PEM_write_bio_PrivateKey(key_text, key, NULL, NULL, 0, NULL, NULL) ||
	    !PEM_write_bio_X509(certificate_text, certificate)) {
		(void)ssl_error("cannot make", key_path);
	} else if ((r = write_bio(key_path, 0600, key_text)) < 0) {
		(void)kg_err(r, "cannot write %s", key_path);
	} else if ((r = write_bio(certificate_path, 0644, certificate_text)) < 0) {
		(void)kg_err(r, "cannot write %s", certificate_path);
	}
	BIO_free(key_text);
	BIO_free(certificate_text);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return r;
}

static int load_key(struct kg_tls_keys *keys, const char *path)
{
	BIO *bio;
	struct stat st;
	char *text;
	size_t size;
	int r = kg_file_read(path, FILE_MAX, &text, &size, &st);

	if (r < 0)
		return kg_err(r, "cannot read the key %s", path);
	if (st.st_mode & 077)
		(void)kg_warn(0, "the key %s can be read by others: chmod 600 it", path);
	bio = BIO_new_mem_buf(text, (int)size);
	keys->key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;
	BIO_free(bio);
	explicit_bzero(text, size);
	free(text);
	if (!keys->key)
		return ssl_error("cannot use the key", path);
	if (!EVP_PKEY_is_a(keys->key, "RSA") || EVP_PKEY_get_bits(keys->key) < KEY_BITS)
		return kg_err(-EINVAL, "the key %s is not an RSA key of at least %d bits", path, KEY_BITS);
	return 0;
}

static int load_certificate(struct kg_tls_keys *keys, const char *path)
{
	BIO *bio;
	struct stat st;
	int r = kg_file_read(path, FILE_MAX, &keys->pem, &keys->pem_size, &st);

	if (r < 0)
		return kg_err(r, "cannot read the certificate %s", path);
	if (keys->pem_size > KG_SESSION_CERTIFICATE_MAX)
		return kg_err(-EFBIG, "the certificate %s has more than %d bytes", path, KG_SESSION_CERTIFICATE_MAX);
	bio = BIO_new_mem_buf(keys->pem, (int)keys->pem_size);
	keys->certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	if (!keys->certificate)
		return ssl_error("cannot use the certificate", path);
	if (!X509_check_private_key(keys->certificate, keys->key))
		return kg_err(-EINVAL, "the certificate %s does not belong to its key", path);
	return 0;
}

int kg_tls_keys_load(struct kg_tls_keys **ret, const char *certificate, const char *key, const char *state_dir,
		     const char *host)
{
	char certificate_path[PATH_MAX], key_path[PATH_MAX];
	struct kg_tls_keys *keys;
	int r;

	if (!certificate != !key)
		return kg_err(-EINVAL, "certificate and key must be given together");
	if (snprintf(certificate_path, sizeof(certificate_path), "%s%s", certificate ? certificate : state_dir,
		     certificate ? "" : "/server.crt") >= (int)sizeof(certificate_path) ||
	    snprintf(key_path, sizeof(key_path), "%s%s", key ? key : state_dir, key ? "" : "/server.key") >=
		    (int)sizeof(key_path))
		return kg_err(-ENAMETOOLONG, "%s", certificate ? certificate : state_dir);
	if (!certificate && access(key_path, F_OK) < 0 && errno == ENOENT) {
		r = make_files(certificate_path, key_path, host);
		if (r < 0)
			return r;
		kg_info("made a key and a self-signed certificate: %s", certificate_path);
	}
	keys = calloc(1, sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	r = load_key(keys, key_path);
	if (r == 0)
		r = load_certificate(keys, certificate_path);
	if (r < 0) {
		kg_tls_keys_free(keys);
		return r;
	}
	*ret = keys;
	return 0;
}

void kg_tls_keys_free(struct kg_tls_keys *keys)
{
	if (!keys)
		return;
	EVP_PKEY_free(keys->key);
	X509_free(keys->certificate);
	free(keys->pem);
	free(keys);
}

const char *kg_tls_keys_pem(const struct kg_tls_keys *keys, size_t *ret_size)
{
	*ret_size = keys->pem_size;
	return keys->pem;
}

const uint8_t *kg_tls_keys_public(const struct kg_tls_keys *keys, size_t *ret_size)
{
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(keys->certificate);

	*ret_size = (size_t)ASN1_STRING_length(bits);
	return ASN1_STRING_get0_data(bits);
}

void kg_tls_keys_fingerprint(const struct kg_tls_keys *keys, char text[KG_FINGERPRINT_TEXT_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	text[0] = 0;
	if (!X509_digest(keys->certificate, EVP_sha256(), digest, &size))
		return;
	for (unsigned i = 0; i < size; i++)
		snprintf(text + 3 * i, KG_FINGERPRINT_TEXT_SIZE - 3 * i, i + 1 < size ? "%02x:" : "%02x", digest[i]);
}

int kg_tls_keys_days_left(const struct kg_tls_keys *keys)
{
	int days = 0, seconds = 0;

	if (!ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(keys->certificate)))
		return 0;
	return days < 0 || seconds < 0 ? KG_MIN(days, -1) : days;
}

/* ---- signing ---- */

/* TLS 1.3 CertificateVerify of a server: 64 spaces, the context string, 0, a transcript hash of 32 or 48 bytes. */
static bool is_tls13(const uint8_t *bytes, size_t size)
{
	static const char context[] = "TLS 1.3, server CertificateVerify";	// its end is the 0

	if (size != 64 + sizeof(context) + 32 && size != 64 + sizeof(context) + 48)
		return false;
	for (size_t i = 0; i < 64; i++)
		if (bytes[i] != ' ')
			return false;
	return !memcmp(bytes + 64, context, sizeof(context));
}

/* TLS 1.2 ServerKeyExchange: two randoms, then a named curve and a point of just its size. */
static bool is_tls12(const uint8_t *bytes, size_t size)
{
	static const struct {
		uint16_t group;
		uint8_t point;
	} curves[] = { { 23, 65 }, { 24, 97 }, { 25, 133 }, { 29, 32 }, { 30, 56 } };

	if (size < 68 || bytes[64] != 3 || size != 68u + bytes[67])
		return false;
	for (size_t i = 0; i < KG_ARRAY_SIZE(curves); i++)
		if (curves[i].group == (bytes[65] << 8 | bytes[66]) && curves[i].point == bytes[67])
			return true;
	return false;
}

static const char *refusal(const struct kg_session_sign *ask, const uint8_t *bytes, size_t size)
{
	bool tls13 = is_tls13(bytes, size);

	if (!tls13 && !is_tls12(bytes, size))
		return "these are not the bytes that a TLS server signs";
	if (ask->padding != RSA_PKCS1_PSS_PADDING && (tls13 || ask->padding != RSA_PKCS1_PADDING))
		return "this padding does not belong to the handshake";
	if (!memchr(ask->digest, 0, sizeof(ask->digest)) || (strcmp(ask->digest, "SHA2-256") && strcmp(ask->digest, "SHA2-384") &&
							     strcmp(ask->digest, "SHA2-512")))
		return "this digest is not allowed";
	return NULL;
}

int kg_tls_keys_sign(const struct kg_tls_keys *keys, const struct kg_session_sign *ask, const void *bytes, size_t bytes_size,
		     uint8_t *signature, size_t *size, const char **why)
{
	EVP_PKEY_CTX *key_context;
	EVP_MD_CTX *context;
	bool right;

	*why = refusal(ask, bytes, bytes_size);
	if (*why)
		return -EPERM;
	context = EVP_MD_CTX_new();
	right = context && EVP_DigestSignInit_ex(context, &key_context, ask->digest, NULL, NULL, keys->key, NULL) > 0 &&
		EVP_PKEY_CTX_set_rsa_padding(key_context, (int)ask->padding) > 0 &&
		(ask->padding != RSA_PKCS1_PSS_PADDING ||
		 EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) > 0) &&
		EVP_DigestSign(context, signature, size, bytes, bytes_size) > 0;
	EVP_MD_CTX_free(context);
	if (right)
		return 0;
	ERR_clear_error();
	*why = "OpenSSL could not sign";
	return -EIO;
}
