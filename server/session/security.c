/* FreeRDP's security package as messages to kagami-auth. One log-in per process: there is one context, and its state is there. */
#define KG_TOPIC "nla"
#include "server/session/security.h"

#include "base/log.h"
#include "server/control/channel.h"
#include "server/control/login-messages.h"

#include <winpr/error.h>
#include <winpr/sspi.h>

#define EXPORTED __attribute__((visibility("default")))
#define ANSWER_MS 20000		// kagamid ends an attempt earlier
#define SIZES_MAX 65536u

static struct kg_channel *login_channel;
static SecurityFunctionTableA table_a;
static SecurityFunctionTableW table_w;

struct answer {
	struct kg_login_result result;
	uint8_t data[KG_LOGIN_DATA_MAX];
} KG_WIRE;

/* Asks and waits. The answer's data is in answer->data; its size is returned, or a negative errno. */
static int ask(uint16_t id, uint32_t argument, const SecBuffer *first, const SecBuffer *second, struct answer *answer)
{
	uint8_t tail[KG_LOGIN_DATA_MAX];
	struct kg_login_question question = { .argument = argument, .first = first ? first->cbBuffer : 0 };
	size_t size = question.first, answer_size = sizeof(*answer);
	int r;

	if (!login_channel)
		return -EPIPE;
	if (second)
		size += second->cbBuffer;
	if (size > sizeof(tail))
		return kg_err(-EMSGSIZE, "the client sent a log-in message of %zu bytes", size);
	if (question.first)
		memcpy(tail, first->pvBuffer, question.first);
	if (second && second->cbBuffer)
		memcpy(tail + question.first, second->pvBuffer, second->cbBuffer);
	r = kg_channel_ask(login_channel, id, &question, sizeof(question), tail, size, KG_LOGIN_RESULT, answer, &answer_size,
			   NULL, ANSWER_MS);
	if (r < 0)
		return kg_err(r, "kagami-auth does not answer");
	if (answer_size < sizeof(answer->result))
		return kg_err(-EPROTO, "kagami-auth sent a short answer");
	return (int)(answer_size - sizeof(answer->result));
}

static SECURITY_STATUS SEC_ENTRY acquire_a(LPSTR principal, LPSTR package, ULONG use, void *logon, void *auth,
					   SEC_GET_KEY_FN get_key, void *argument, PCredHandle handle, PTimeStamp expiry)
{
	SecInvalidateHandle(handle);
	handle->dwLower = handle->dwUpper = 1;
	return SEC_E_OK;
}

static SECURITY_STATUS SEC_ENTRY acquire_w(LPWSTR principal, LPWSTR package, ULONG use, void *logon, void *auth,
					   SEC_GET_KEY_FN get_key, void *argument, PCredHandle handle, PTimeStamp expiry)
{
	return acquire_a(NULL, NULL, use, logon, auth, get_key, argument, handle, expiry);
}

static SECURITY_STATUS SEC_ENTRY nothing_to_free(PCredHandle handle)
{
	return SEC_E_OK;
}

static SECURITY_STATUS SEC_ENTRY nothing_to_do(PCtxtHandle context)
{
	return SEC_E_OK;
}

static SECURITY_STATUS SEC_ENTRY accept_context(PCredHandle credential, PCtxtHandle context, PSecBufferDesc input,
						ULONG wanted, ULONG representation, PCtxtHandle new_context,
						PSecBufferDesc output, PULONG attributes, PTimeStamp expiry)
{
	struct answer answer;
	SecBuffer *token;
	int size;

	if (!input || input->cBuffers < 1 || !output || output->cBuffers < 1)
		return SEC_E_INVALID_TOKEN;
	token = &output->pBuffers[0];
	size = ask(KG_LOGIN_ACCEPT, wanted, &input->pBuffers[0], NULL, &answer);
	if (size < 0 || (size_t)size > token->cbBuffer)
		return SEC_E_INTERNAL_ERROR;
	memcpy(token->pvBuffer, answer.data, (size_t)size);
	token->cbBuffer = (ULONG)size;
	new_context->dwLower = new_context->dwUpper = 1;
	if (attributes)
		*attributes = wanted;
	/* FreeRDP tells the client what the last error says: the same for every reason, and as Windows has it. */
	if ((int32_t)answer.result.status < 0)
		SetLastError(ERROR_LOGON_FAILURE);
	return (SECURITY_STATUS)answer.result.status;
}

static SECURITY_STATUS SEC_ENTRY query_sizes(PCtxtHandle context, ULONG attribute, void *buffer)
{
	struct kg_login_sizes sizes;
	struct answer answer;

	if (attribute != SECPKG_ATTR_SIZES)
		return SEC_E_UNSUPPORTED_FUNCTION;
	if (ask(KG_LOGIN_SIZES, 0, NULL, NULL, &answer) != (int)sizeof(sizes))
		return SEC_E_INTERNAL_ERROR;
	memcpy(&sizes, answer.data, sizeof(sizes));
	if (sizes.max_token > SIZES_MAX || sizes.max_signature > SIZES_MAX || sizes.block > SIZES_MAX ||
	    sizes.trailer > SIZES_MAX)
		return SEC_E_INTERNAL_ERROR;
	*(SecPkgContext_Sizes *)buffer = (SecPkgContext_Sizes){
		.cbMaxToken = sizes.max_token,
		.cbMaxSignature = sizes.max_signature,
		.cbBlockSize = sizes.block,
		.cbSecurityTrailer = sizes.trailer,
	};
	return (SECURITY_STATUS)answer.result.status;
}

static SecBuffer *find(PSecBufferDesc message, ULONG type)
{
	for (ULONG i = 0; message && i < message->cBuffers; i++) {
		if ((message->pBuffers[i].BufferType & 0xffff) == type)
			return &message->pBuffers[i];
	}
	return NULL;
}

/* The data is as long as before; in front of it comes the signature. */
static SECURITY_STATUS SEC_ENTRY encrypt(PCtxtHandle context, ULONG quality, PSecBufferDesc message, ULONG number)
{
	SecBuffer *token = find(message, SECBUFFER_TOKEN), *data = find(message, SECBUFFER_DATA);
	struct answer answer;
	size_t signature;
	int size;

	if (!token || !data)
		return SEC_E_INVALID_TOKEN;
	size = ask(KG_LOGIN_ENCRYPT, number, data, NULL, &answer);
	if (size < 0)
		return SEC_E_INTERNAL_ERROR;
	if (answer.result.status != SEC_E_OK)
		return (SECURITY_STATUS)answer.result.status;
	signature = answer.result.first;
	if (signature > (size_t)size || signature > token->cbBuffer || (size_t)size - signature != data->cbBuffer)
		return SEC_E_INTERNAL_ERROR;
	memcpy(token->pvBuffer, answer.data, signature);
	token->cbBuffer = (ULONG)signature;
	memcpy(data->pvBuffer, answer.data + signature, data->cbBuffer);
	return SEC_E_OK;
}

static SECURITY_STATUS SEC_ENTRY decrypt(PCtxtHandle context, PSecBufferDesc message, ULONG number, PULONG quality)
{
	SecBuffer *token = find(message, SECBUFFER_TOKEN), *data = find(message, SECBUFFER_DATA);
	struct answer answer;
	int size;

	if (!token || !data)
		return SEC_E_INVALID_TOKEN;
	size = ask(KG_LOGIN_DECRYPT, number, token, data, &answer);
	if (size < 0)
		return SEC_E_INTERNAL_ERROR;
	if (answer.result.status != SEC_E_OK)
		return (SECURITY_STATUS)answer.result.status;
	if ((size_t)size > data->cbBuffer)
		return SEC_E_INTERNAL_ERROR;
	memcpy(data->pvBuffer, answer.data, (size_t)size);
	data->cbBuffer = (ULONG)size;
	explicit_bzero(&answer, sizeof(answer));
	return SEC_E_OK;
}

/* The two tables have the same entries, but for the types of strings. */
#define REPLACE(table, letter, acquire)                                                                                \
	do {                                                                                                           \
		(table).AcquireCredentialsHandle##letter = (acquire);                                                  \
		(table).FreeCredentialsHandle = nothing_to_free;                                                       \
		(table).AcceptSecurityContext = accept_context;                                                        \
		(table).QueryContextAttributes##letter = query_sizes;                                                  \
		(table).EncryptMessage = encrypt;                                                                      \
		(table).DecryptMessage = decrypt;                                                                      \
		(table).DeleteSecurityContext = nothing_to_do;                                                         \
		(table).ImpersonateSecurityContext = nothing_to_do;                                                    \
		(table).RevertSecurityContext = nothing_to_do;                                                         \
	} while (0)

/* winpr's tables, with what touches a credential replaced. */
int kg_security_init(void)
{
	const SecurityFunctionTableA *a = InitSecurityInterfaceExA(SSPI_INTERFACE_WINPR);
	const SecurityFunctionTableW *w = InitSecurityInterfaceExW(SSPI_INTERFACE_WINPR);

	if (!a || !w)
		return -ENOTSUP;
	table_a = *a;
	table_w = *w;
	REPLACE(table_a, A, acquire_a);
	REPLACE(table_w, W, acquire_w);
	return 0;
}

void kg_security_set_login(struct kg_channel *login)
{
	login_channel = login;
}

/* The names that FreeRDP looks for: which of them depends on how it was built. */
EXPORTED PSecurityFunctionTableA SEC_ENTRY InitSecurityInterfaceA(void);
EXPORTED PSecurityFunctionTableW SEC_ENTRY InitSecurityInterfaceW(void);

PSecurityFunctionTableA SEC_ENTRY InitSecurityInterfaceA(void)
{
	return &table_a;
}

PSecurityFunctionTableW SEC_ENTRY InitSecurityInterfaceW(void)
{
	return &table_w;
}
