/*
 * Target: what a client's log-in brings past SPNEGO and NTLM. Byte 0: 0 = credentials to be blanked; else a question of
 * kagami-auth to kagamid, whose struct comes first and whose tail is the rest.
 */
#include "tests/fuzz/fuzz.h"

#include "base/log.h"
#include "server/auth/credentials.h"
#include "server/broker/hashes.h"
#include "server/broker/verify.h"
#include "server/control/auth-messages.h"

static void verify(const uint8_t *bytes, size_t size)
{
	static struct kg_hashes *hashes;
	struct kg_verify_result result;
	struct kg_auth_verify ask;

	if (size < sizeof(ask))
		return;
	if (!hashes && (kg_hashes_load(&hashes, NULL) < 0 || kg_hashes_add_password(hashes, "anna", "secret") < 0))
		abort();
	memcpy(&ask, bytes, sizeof(ask));
	kg_verify_ntlm(hashes, &ask, bytes + sizeof(ask), size - sizeof(ask), 133000000000000000, &result);
	if (result.ok || !result.why || !memchr(result.user, 0, sizeof(result.user)))
		abort();	// nobody guesses HMACs
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	uint8_t *copy;

	kg_log_init("fuzz", KG_LOG_NOTHING);
	if (!size)
		return 0;
	if (bytes[0]) {
		verify(bytes + 1, size - 1);
		return 0;
	}
	copy = malloc(size);
	if (!copy)
		return 0;
	memcpy(copy, bytes + 1, size - 1);
	(void)kg_credentials_blank(copy, size - 1);
	free(copy);
	return 0;
}
