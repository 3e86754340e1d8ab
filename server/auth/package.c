/* winpr's Negotiate package for one log-in attempt. The only file of kagami-auth that includes winpr. */
#define KG_TOPIC "package"

#include "server/auth/package.h"

#include "base/log.h"
#include "base/writer.h"
#include "server/auth/credentials.h"
#include "server/control/auth-messages.h"
#include "server/control/login-messages.h"

#include <winpr/crypto.h>
#include <winpr/sspi.h>
#include <winpr/ssl.h>
#include <winpr/winpr.h>
#include <winpr/wlog.h>

#define SIGNATURE_MAX 64

#ifdef KG_SANITIZED
/* winpr (3.10) does not free the fields of an AUTHENTICATE message that it refuses; this process ends with the attempt. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libwinpr3.so\n";
}
#endif

/* CredSSP decrypts twice: the client's proof of our TLS key, then its credentials. */
enum stage { STAGE_PUBLIC_KEY, STAGE_CREDENTIALS, STAGE_END };

struct kg_package {
	PSecurityFunctionTableW table;
	SEC_WINPR_NTLM_SETTINGS ntlm;
	SEC_WINPR_KERBEROS_SETTINGS kerberos;
	SEC_WINNT_AUTH_IDENTITY_WINPR identity;
	CredHandle credentials;
	CtxtHandle context;
	bool has_credentials, has_context;
	SecPkgContext_Sizes sizes;
	enum stage stage;
	kg_package_verify_fn verify;
	void *data;
};

/* What winpr is told of its question: before 3.24 it took a status for a boolean, and 0 for a failure. The version that runs counts. */
static SECURITY_STATUS found(bool yes)
{
	int major = 0, minor = 0, revision = 0;

	winpr_get_version(&major, &minor, &revision);
	if (minor < 24)
		return yes;
	return yes ? SEC_E_OK : SEC_E_LOGON_DENIED;
}

/* winpr's question for the NTLMv2 key. What it gets is another one, and another EncryptedRandomSessionKey that belongs to it. */
static SECURITY_STATUS on_hash(void *data, const SEC_WINNT_AUTH_IDENTITY *identity, const SecBuffer *proof,
			       const BYTE *session_key, const BYTE *mic, const SecBuffer *messages, BYTE *ret_key)
{
	struct kg_package *package = data;
	uint8_t tail[KG_AUTH_VERIFY_MAX];
	struct kg_writer writer = kg_writer_of(tail, sizeof(tail));
	struct kg_auth_verify ask = { 0 };
	struct kg_auth_key key = { 0 };
	size_t user = (size_t)identity->UserLength * 2, domain = (size_t)identity->DomainLength * 2;
	int r;

	kg_write_bytes(&writer, identity->User, user);
	kg_write_bytes(&writer, identity->Domain, domain);
	kg_write_bytes(&writer, proof->pvBuffer, proof->cbBuffer);
	kg_write_bytes(&writer, messages->pvBuffer, messages->cbBuffer);
	if (!kg_writer_ok(&writer))
		return found(false);
	/* Their sum fits the tail, so each fits 16 bits. */
	ask.user = (uint16_t)user;
	ask.domain = (uint16_t)domain;
	ask.proof = (uint16_t)proof->cbBuffer;
	ask.messages = (uint16_t)messages->cbBuffer;
	memcpy(ask.session_key, session_key, sizeof(ask.session_key));
	memcpy(ask.mic, mic, sizeof(ask.mic));
	r = package->verify(package->data, &ask, tail, kg_writer_size(&writer), &key);
	if (r >= 0) {
		/* session_key is the field of winpr's context itself, which it decrypts next with what comes of the key. */
		memcpy(ret_key, key.key, sizeof(key.key));
		memcpy((BYTE *)session_key, key.session_key, sizeof(key.session_key));
	}
	explicit_bzero(&key, sizeof(key));
	return found(r >= 0);
}

/* NTLM's key derivation needs RC4 and HMAC-MD5; missing ones show up as an unexplained failure of the MIC. */
static bool legacy_works(void)
{
	const uint8_t key[16] = { 1 };
	uint8_t digest[16];
	WINPR_RC4_CTX *rc4 = winpr_RC4_New(key, sizeof(key));
	bool right = rc4 && winpr_HMAC(WINPR_MD_MD5, key, sizeof(key), key, sizeof(key), digest, sizeof(digest)) &&
		     winpr_Digest(WINPR_MD_MD4, key, sizeof(key), digest, sizeof(digest));

	winpr_RC4_Free(rc4);
	return right;
}

int kg_package_new(struct kg_package **ret, kg_package_verify_fn verify, void *data)
{
	static WCHAR name[] = { 'N', 'e', 'g', 'o', 't', 'i', 'a', 't', 'e', 0 };
	struct kg_package *package = calloc(1, sizeof(*package));
	SECURITY_STATUS status;

	if (!package)
		return -ENOMEM;
	(void)WLog_SetLogLevel(WLog_GetRoot(), WLOG_OFF);	// it would print names, and to standard output
	if (!winpr_InitializeSSL(WINPR_SSL_INIT_DEFAULT) || !legacy_works()) {
		free(package);
		return kg_err(-ENOTSUP, "OpenSSL's legacy provider (legacy.so, in the package of libssl3) is missing; log-in "
					"by NLA needs its MD4 and RC4");
	}
	package->verify = verify;
	package->data = data;
	package->ntlm = (SEC_WINPR_NTLM_SETTINGS){ .hashCallback = on_hash, .hashCallbackArg = package };
	package->identity.identity.Version = SEC_WINNT_AUTH_IDENTITY_VERSION;
	package->identity.identity.Length = sizeof(package->identity.identity);
	package->identity.identity.Flags = SEC_WINNT_AUTH_IDENTITY_UNICODE | SEC_WINNT_AUTH_IDENTITY_EXTENDED;
	package->identity.ntlmSettings = &package->ntlm;
	package->identity.kerberosSettings = &package->kerberos;
	package->table = InitSecurityInterfaceExW(SSPI_INTERFACE_WINPR);
	status = package->table ? package->table->AcquireCredentialsHandleW(NULL, name, SECPKG_CRED_INBOUND, NULL,
									    &package->identity, NULL, NULL,
									    &package->credentials, NULL)
				: SEC_E_INTERNAL_ERROR;
	if (status != SEC_E_OK) {
		free(package);
		return kg_err(-EIO, "the security package Negotiate does not start (status 0x%08x)", (unsigned)status);
	}
	package->has_credentials = true;
	*ret = package;
	return 0;
}

void kg_package_free(struct kg_package *package)
{
	if (!package)
		return;
	if (package->has_context)
		package->table->DeleteSecurityContext(&package->context);
	if (package->has_credentials)
		package->table->FreeCredentialsHandle(&package->credentials);
	explicit_bzero(package, sizeof(*package));
	free(package);
}

uint32_t kg_package_accept(struct kg_package *package, uint32_t attributes, void *token, size_t token_size, uint8_t *to,
			   size_t *size)
{
	SecBuffer in = { (ULONG)token_size, SECBUFFER_TOKEN, token }, out = { (ULONG)*size, SECBUFFER_TOKEN, to };
	SecBufferDesc in_list = { SECBUFFER_VERSION, 1, &in }, out_list = { SECBUFFER_VERSION, 1, &out };
	ULONG granted = 0;
	SECURITY_STATUS status = package->table->AcceptSecurityContext(
		&package->credentials, package->has_context ? &package->context : NULL, &in_list, attributes,
		SECURITY_NATIVE_DREP, &package->context, &out_list, &granted, NULL);

	package->has_context = true;
	*size = status == SEC_E_OK || status == SEC_I_CONTINUE_NEEDED || status == SEC_I_COMPLETE_NEEDED ||
				status == SEC_I_COMPLETE_AND_CONTINUE
			? KG_MIN((size_t)out.cbBuffer, *size)
			: 0;
	return (uint32_t)status;
}

uint32_t kg_package_sizes(struct kg_package *package, uint8_t *to, size_t *size)
{
	struct kg_login_sizes sizes;
	SECURITY_STATUS status = SEC_E_INVALID_HANDLE;

	if (package->has_context)
		status = package->table->QueryContextAttributesW(&package->context, SECPKG_ATTR_SIZES, &package->sizes);
	if (status != SEC_E_OK || *size < sizeof(sizes) || package->sizes.cbSecurityTrailer > SIGNATURE_MAX) {
		*size = 0;
		return status == SEC_E_OK ? (uint32_t)SEC_E_INTERNAL_ERROR : (uint32_t)status;
	}
	sizes = (struct kg_login_sizes){
		.max_token = package->sizes.cbMaxToken,
		.max_signature = package->sizes.cbMaxSignature,
		.block = package->sizes.cbBlockSize,
		.trailer = package->sizes.cbSecurityTrailer,
	};
	memcpy(to, &sizes, sizeof(sizes));
	*size = sizeof(sizes);
	return SEC_E_OK;
}

uint32_t kg_package_encrypt(struct kg_package *package, uint32_t sequence, const void *bytes, size_t bytes_size, uint8_t *to,
			    size_t *size, size_t *ret_signature)
{
	size_t trailer = package->sizes.cbSecurityTrailer;
	SecBuffer buffers[2] = { { (ULONG)trailer, SECBUFFER_TOKEN, to },
				 { (ULONG)bytes_size, SECBUFFER_DATA, to + trailer } };
	SecBufferDesc list = { SECBUFFER_VERSION, 2, buffers };
	SECURITY_STATUS status = SEC_E_INVALID_HANDLE;

	if (package->has_context && trailer && trailer <= *size && bytes_size <= *size - trailer) {
		memcpy(to + trailer, bytes, bytes_size);
		status = package->table->EncryptMessage(&package->context, 0, &list, sequence);
	}
	if (status == SEC_E_OK && (buffers[0].cbBuffer != trailer || buffers[1].cbBuffer != bytes_size))
		status = SEC_E_INTERNAL_ERROR;
	*ret_signature = status == SEC_E_OK ? trailer : 0;
	*size = status == SEC_E_OK ? trailer + bytes_size : 0;
	return (uint32_t)status;
}

uint32_t kg_package_decrypt(struct kg_package *package, uint32_t sequence, void *signature, size_t signature_size, void *bytes,
			    size_t bytes_size, uint8_t *to, size_t *size)
{
	SecBuffer buffers[2] = { { (ULONG)signature_size, SECBUFFER_TOKEN, signature },
				 { (ULONG)bytes_size, SECBUFFER_DATA, bytes } };
	SecBufferDesc list = { SECBUFFER_VERSION, 2, buffers };
	SECURITY_STATUS status = SEC_E_INVALID_HANDLE;
	size_t room = *size, got;
	ULONG quality = 0;
	int blanked;

	*size = 0;
	if (package->has_context && package->stage != STAGE_END)
		status = package->table->DecryptMessage(&package->context, &list, sequence, &quality);
	got = buffers[1].cbBuffer;
	if (status != SEC_E_OK || got > bytes_size || got > room)
		return status == SEC_E_OK ? (uint32_t)SEC_E_INTERNAL_ERROR : (uint32_t)status;

	/* Whatever looks like credentials is blanked, and what comes second has to be credentials. */
	blanked = kg_credentials_blank(bytes, got);
	if (package->stage == STAGE_CREDENTIALS && blanked < 0) {
		explicit_bzero(bytes, bytes_size);
		package->stage = STAGE_END;
		return (uint32_t)SEC_E_INVALID_TOKEN;
	}
	package->stage++;
	memcpy(to, bytes, got);
	*size = got;
	return SEC_E_OK;
}
