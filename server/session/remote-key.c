/*
 * The OpenSSL provider of keys that are elsewhere. It offers what TLS and FreeRDP ask for and no more: a key manager, one
 * signature algorithm and a decoder of our own PEM label. provider-keymgmt(7), provider-signature(7), provider-decoder(7).
 *
 * Two things are not obvious. The key must be called RSA: libssl chooses the certificate's type by that name. And it must
 * say yes when asked for a private half but refuse to export it: else libcrypto would sign with the default provider and
 * a copy that has no private half.
 */
#include "server/session/remote-key.h"

#include <openssl/bn.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <stdio.h>

#define LABEL "KAGAMI REMOTE KEY"
#define NAMES "RSA:rsaEncryption:1.2.840.113549.1.1.1"
#define PROPERTIES "provider=kagami"
#define PEM_SIZE_MAX 8192
#define ENTRY(id, fn) { id, (void (*)(void))(fn) }

static kg_sign_fn sign_fn;
static void *sign_data;
static OSSL_FUNC_BIO_read_ex_fn *core_bio_read;
static OSSL_PROVIDER *loaded;

/* ---- keys ---- */

struct key {
	unsigned refs;		// one thread
	BIGNUM *n, *e;
};

static void *key_new(void *provider)
{
	struct key *key = calloc(1, sizeof(*key));

	if (key)
		key->refs = 1;
	return key;
}

static void key_free(void *data)
{
	struct key *key = data;

	if (!key || --key->refs)
		return;
	BN_free(key->n);
	BN_free(key->e);
	free(key);
}

/* Whatever is asked for: the private half is there, elsewhere. */
static int key_has(const void *data, int selection)
{
	const struct key *key = data;

	return key && key->n && key->e;
}

static int key_match(const void *a, const void *b, int selection)
{
	const struct key *x = a, *y = b;

	return x->n && y->n && x->e && y->e && BN_cmp(x->n, y->n) == 0 && BN_cmp(x->e, y->e) == 0;
}

/* Takes the public half of another provider's key: how a certificate is compared with ours. */
static int key_import(void *data, int selection, const OSSL_PARAM params[])
{
	struct key *key = data;
	const OSSL_PARAM *n = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_N);
	const OSSL_PARAM *e = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_E);

	if (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY)
		return 0;
	return n && e && OSSL_PARAM_get_BN(n, &key->n) && OSSL_PARAM_get_BN(e, &key->e);
}

static int key_export(void *data, int selection, OSSL_CALLBACK *callback, void *argument)
{
	struct key *key = data;
	OSSL_PARAM_BLD *build;
	OSSL_PARAM *params = NULL;
	int done = 0;

	if (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY)
		return 0;
	build = OSSL_PARAM_BLD_new();
	if (build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, key->n) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, key->e))
		params = OSSL_PARAM_BLD_to_param(build);
	if (params)
		done = callback(params, argument);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	return done;
}

static const OSSL_PARAM *key_public_types(int selection)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
		OSSL_PARAM_END,
	};

	return types;
}

static int set_int(OSSL_PARAM params[], const char *name, int value)
{
	OSSL_PARAM *param = OSSL_PARAM_locate(params, name);

	return !param || OSSL_PARAM_set_int(param, value);
}

static int set_number(OSSL_PARAM params[], const char *name, const BIGNUM *value)
{
	OSSL_PARAM *param = OSSL_PARAM_locate(params, name);

	return !param || OSSL_PARAM_set_BN(param, value);
}

/* FreeRDP takes no RSA key without a private exponent, which only the RDP security that we refuse would use: it gets a 1. */
static int key_get_params(void *data, OSSL_PARAM params[])
{
	const struct key *key = data;
	int bits = BN_num_bits(key->n);
	OSSL_PARAM *digest = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_DEFAULT_DIGEST);

	return set_int(params, OSSL_PKEY_PARAM_BITS, bits) &&
	       set_int(params, OSSL_PKEY_PARAM_SECURITY_BITS, BN_security_bits(bits, -1)) &&
	       set_int(params, OSSL_PKEY_PARAM_MAX_SIZE, BN_num_bytes(key->n)) &&
	       (!digest || OSSL_PARAM_set_utf8_string(digest, "SHA256")) &&
	       set_number(params, OSSL_PKEY_PARAM_RSA_N, key->n) && set_number(params, OSSL_PKEY_PARAM_RSA_E, key->e) &&
	       set_number(params, OSSL_PKEY_PARAM_RSA_D, BN_value_one());
}

static const OSSL_PARAM *key_gettable_params(void *provider)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_D, NULL, 0),
		OSSL_PARAM_END,
	};

	return params;
}

/* Takes the key out of the reference that the decoder gave. */
static void *key_load(const void *reference, size_t size)
{
	struct key *key;

	if (size != sizeof(key))
		return NULL;
	memcpy(&key, reference, sizeof(key));
	memset((void *)reference, 0, sizeof(key));
	return key;
}

static const OSSL_DISPATCH key_functions[] = {
	ENTRY(OSSL_FUNC_KEYMGMT_NEW, key_new),
	ENTRY(OSSL_FUNC_KEYMGMT_FREE, key_free),
	ENTRY(OSSL_FUNC_KEYMGMT_HAS, key_has),
	ENTRY(OSSL_FUNC_KEYMGMT_MATCH, key_match),
	ENTRY(OSSL_FUNC_KEYMGMT_IMPORT, key_import),
	ENTRY(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, key_public_types),
	ENTRY(OSSL_FUNC_KEYMGMT_EXPORT, key_export),
	ENTRY(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, key_public_types),
	ENTRY(OSSL_FUNC_KEYMGMT_GET_PARAMS, key_get_params),
	ENTRY(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, key_gettable_params),
	ENTRY(OSSL_FUNC_KEYMGMT_LOAD, key_load),
	{ 0, NULL },
};

/* ---- signatures ---- */

struct signing {
	struct key *key;
	int padding;
	char digest[16];
};

static void *signing_new(void *provider, const char *properties)
{
	struct signing *signing = calloc(1, sizeof(*signing));

	if (signing)
		signing->padding = RSA_PKCS1_PADDING;
	return signing;
}

static void signing_free(void *data)
{
	struct signing *signing = data;

	if (!signing)
		return;
	key_free(signing->key);
	free(signing);
}

static int padding_of(const OSSL_PARAM *param, int *ret)
{
	if (param->data_type == OSSL_PARAM_UTF8_STRING) {
		if (!strcmp(param->data, OSSL_PKEY_RSA_PAD_MODE_PSS))
			*ret = RSA_PKCS1_PSS_PADDING;
		else if (!strcmp(param->data, OSSL_PKEY_RSA_PAD_MODE_PKCSV15))
			*ret = RSA_PKCS1_PADDING;
		else
			return 0;
		return 1;
	}
	return OSSL_PARAM_get_int(param, ret) && (*ret == RSA_PKCS1_PADDING || *ret == RSA_PKCS1_PSS_PADDING);
}

/* TLS knows only salts as long as the digest; so does the owner of the key. */
static bool is_digest_long(const OSSL_PARAM *param)
{
	int length;

	if (param->data_type == OSSL_PARAM_UTF8_STRING)
		return !strcmp(param->data, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST);
	return OSSL_PARAM_get_int(param, &length) && length == RSA_PSS_SALTLEN_DIGEST;
}

static int signing_set_params(void *data, const OSSL_PARAM params[])
{
	struct signing *signing = data;
	const OSSL_PARAM *padding, *salt;

	if (!params)
		return 1;
	padding = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	if (padding && !padding_of(padding, &signing->padding))
		return 0;
	salt = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
	return !salt || is_digest_long(salt);
}

static const OSSL_PARAM *signing_settable_params(void *data, void *provider)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
		OSSL_PARAM_END,
	};

	return params;
}

/* Comes twice for one signature. */
static int signing_init(void *data, const char *digest, void *key, const OSSL_PARAM params[])
{
	struct signing *signing = data;

	if (key) {
		((struct key *)key)->refs++;
		key_free(signing->key);
		signing->key = key;
	}
	if (!signing->key || !digest || strlen(digest) >= sizeof(signing->digest))
		return 0;
	strcpy(signing->digest, digest);
	return signing_set_params(data, params);
}

static int signing_sign(void *data, uint8_t *signature, size_t *size, size_t room, const uint8_t *bytes, size_t count)
{
	struct signing *signing = data;
	size_t wanted;
	int r;

	if (!signing->key)
		return 0;
	wanted = (size_t)BN_num_bytes(signing->key->n);
	if (!signature) {
		*size = wanted;
		return 1;
	}
	if (room < wanted)
		return 0;
	r = sign_fn(sign_data, signing->padding, signing->digest, bytes, count, signature, room);
	if (r < 0 || (size_t)r != wanted)
		return 0;
	*size = wanted;
	return 1;
}

static const OSSL_DISPATCH signing_functions[] = {
	ENTRY(OSSL_FUNC_SIGNATURE_NEWCTX, signing_new),
	ENTRY(OSSL_FUNC_SIGNATURE_FREECTX, signing_free),
	ENTRY(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, signing_init),
	ENTRY(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, signing_sign),
	ENTRY(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, signing_set_params),
	ENTRY(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, signing_settable_params),
	{ 0, NULL },
};

/* ---- decoder ---- */

static void *decoder_new(void *provider)
{
	return malloc(1);
}

static void decoder_free(void *data)
{
	free(data);
}

static struct key *key_from_der(const uint8_t *der, long size)
{
	EVP_PKEY *public_key = d2i_PUBKEY(NULL, &der, size);
	struct key *key = key_new(NULL);

	if (public_key && key && EVP_PKEY_get_bn_param(public_key, OSSL_PKEY_PARAM_RSA_N, &key->n) &&
	    EVP_PKEY_get_bn_param(public_key, OSSL_PKEY_PARAM_RSA_E, &key->e)) {
		EVP_PKEY_free(public_key);
		return key;
	}
	EVP_PKEY_free(public_key);
	key_free(key);
	return NULL;
}

/* The callback answers key_load() with the reference, which then owns the key. */
static int give_key(struct key *key, OSSL_CALLBACK *callback, void *argument)
{
	int type = OSSL_OBJECT_PKEY, r;
	char name[] = "RSA";
	OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_OBJECT_PARAM_TYPE, &type),
		OSSL_PARAM_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE, name, sizeof(name) - 1),
		OSSL_PARAM_octet_string(OSSL_OBJECT_PARAM_REFERENCE, &key, sizeof(key)),
		OSSL_PARAM_END,
	};

	r = callback(params, argument);
	key_free(key);		// where nobody loaded it
	return r;
}

/* Is tried for every PEM. What is not ours is no error: 1 without a callback, and the next decoder is tried. */
static int decoder_decode(void *data, OSSL_CORE_BIO *in, int selection, OSSL_CALLBACK *callback, void *argument,
			  OSSL_PASSPHRASE_CALLBACK *passphrase, void *passphrase_argument)
{
	char text[PEM_SIZE_MAX], *name = NULL, *header = NULL;
	uint8_t *der = NULL;
	size_t size = 0, got;
	long der_size = 0;
	struct key *key = NULL;
	int r = 1;
	BIO *bio;

	while (size < sizeof(text) && core_bio_read(in, text + size, sizeof(text) - size, &got) && got > 0)
		size += got;
	ERR_set_mark();
	bio = BIO_new_mem_buf(text, (int)size);
	if (bio && PEM_read_bio(bio, &name, &header, &der, &der_size) && !strcmp(name, LABEL))
		key = key_from_der(der, der_size);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(bio);
	ERR_pop_to_mark();
	if (key)
		r = give_key(key, callback, argument);
	return r;
}

static const OSSL_DISPATCH decoder_functions[] = {
	ENTRY(OSSL_FUNC_DECODER_NEWCTX, decoder_new),
	ENTRY(OSSL_FUNC_DECODER_FREECTX, decoder_free),
	ENTRY(OSSL_FUNC_DECODER_DECODE, decoder_decode),
	{ 0, NULL },
};

/* ---- the provider ---- */

static const OSSL_ALGORITHM *provider_query(void *provider, int operation, int *no_cache)
{
	static const OSSL_ALGORITHM keys[] = { { NAMES, PROPERTIES, key_functions, "remote key" }, { 0 } };
	static const OSSL_ALGORITHM signatures[] = { { NAMES, PROPERTIES, signing_functions, "remote key" }, { 0 } };
	static const OSSL_ALGORITHM decoders[] = {
		{ "RSA", PROPERTIES ",input=pem", decoder_functions, "remote key" },
		{ 0 },
	};

	*no_cache = 0;
	switch (operation) {
	case OSSL_OP_KEYMGMT:
		return keys;
	case OSSL_OP_SIGNATURE:
		return signatures;
	case OSSL_OP_DECODER:
		return decoders;
	default:
		return NULL;
	}
}

static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out, void **ret)
{
	static const OSSL_DISPATCH functions[] = {
		ENTRY(OSSL_FUNC_PROVIDER_QUERY_OPERATION, provider_query),
		{ 0, NULL },
	};

	for (; in->function_id; in++) {
		if (in->function_id == OSSL_FUNC_BIO_READ_EX)
			core_bio_read = OSSL_FUNC_BIO_read_ex(in);
	}
	*out = functions;
	*ret = (void *)handle;
	return core_bio_read != NULL;
}

int kg_remote_key_init(kg_sign_fn sign, void *data)
{
	sign_fn = sign;
	sign_data = data;
	if (!OSSL_PROVIDER_add_builtin(NULL, "kagami", provider_init))
		return -ENOTSUP;
	loaded = OSSL_PROVIDER_load(NULL, "kagami");
	return loaded ? 0 : -ENOTSUP;
}

void kg_remote_key_done(void)
{
	OSSL_PROVIDER_unload(loaded);
	loaded = NULL;
}

char *kg_remote_key_pem(X509 *certificate)
{
	EVP_PKEY *public_key = X509_get0_pubkey(certificate);
	BIO *bio = BIO_new(BIO_s_mem());
	uint8_t *der = NULL;
	char *text = NULL, *bytes;
	int size = public_key && EVP_PKEY_is_a(public_key, "RSA") ? i2d_PUBKEY(public_key, &der) : -1;

	if (bio && size > 0 && PEM_write_bio(bio, LABEL, "", der, size)) {
		long length = BIO_get_mem_data(bio, &bytes);

		if (length > 0 && length < PEM_SIZE_MAX)
			text = strndup(bytes, (size_t)length);
	}
	OPENSSL_free(der);
	BIO_free(bio);
	return text;
}
