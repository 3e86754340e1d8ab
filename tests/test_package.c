/* What winpr is told of its question for a key: it reads the answer in two ways, by its version. */
#include "server/auth/package.h"

#include "server/control/auth-messages.h"
#include "tests/tap.h"

#include <winpr/sspi.h>
#include <winpr/winpr.h>

static int running_minor;
static SEC_WINPR_NTLM_SETTINGS ntlm;

/* In the place of winpr's. */
void winpr_get_version(int *major, int *minor, int *revision)
{
	*major = 3;
	*minor = running_minor;
	*revision = 0;
}

static SECURITY_STATUS SEC_ENTRY acquire(LPWSTR principal, LPWSTR package, ULONG use, void *logon, void *identity,
					 SEC_GET_KEY_FN get_key, void *argument, PCredHandle handle, PTimeStamp expiry)
{
	ntlm = *((SEC_WINNT_AUTH_IDENTITY_WINPR *)identity)->ntlmSettings;
	return SEC_E_OK;
}

static SECURITY_STATUS SEC_ENTRY release(PCredHandle handle)
{
	return SEC_E_OK;
}

PSecurityFunctionTableW SEC_ENTRY InitSecurityInterfaceExW(DWORD flags)
{
	static SecurityFunctionTableW table;

	table.AcquireCredentialsHandleW = acquire;
	table.FreeCredentialsHandle = release;
	return &table;
}

static int verify(void *data, const struct kg_auth_verify *ask, const void *tail, size_t tail_size, struct kg_auth_key *ret)
{
	memset(ret->key, 7, 16);
	memset(ret->session_key, 9, 16);
	return *(const int *)data;
}

static SECURITY_STATUS answer(int minor, int verified, size_t messages_size, uint8_t keys[2][16])
{
	static uint8_t bytes[KG_AUTH_VERIFY_MAX + 1];
	SEC_WINNT_AUTH_IDENTITY identity = { .User = (void *)bytes, .UserLength = 4, .Domain = (void *)bytes };
	SecBuffer proof = { 44, SECBUFFER_DATA, bytes }, messages = { (ULONG)messages_size, SECBUFFER_DATA, bytes };
	struct kg_package *package = NULL;
	SECURITY_STATUS status = 12345;

	running_minor = minor;
	if (kg_package_new(&package, verify, &verified) == 0)
		status = ntlm.hashCallback(ntlm.hashCallbackArg, &identity, &proof, keys[1], bytes, &messages, keys[0]);
	kg_package_free(package);
	return status;
}

int main(void)
{
	uint8_t key[2][16] = { 0 };

	ok(answer(10, 0, 200, key) == 1 && answer(23, 0, 200, key) == 1, "winpr before 3.24 takes 1 for a key");
	ok(answer(10, -EPIPE, 200, key) == 0 && answer(23, 0, KG_AUTH_VERIFY_MAX, key) == 0, "and 0 for none");
	ok(answer(24, 0, 200, key) == SEC_E_OK && answer(30, 0, 200, key) == SEC_E_OK, "from then on it takes a status");
	ok(answer(24, -EPIPE, 200, key) < 0 && answer(30, 0, KG_AUTH_VERIFY_MAX, key) < 0, "and an error for none");
	ok(key[0][15] == 7 && key[1][15] == 9, "both keys are kagamid's, also the one that winpr has already");
	return tap_end();
}
