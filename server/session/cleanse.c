/* Wipes OpenSSL's read buffer behind itself. */
#include "server/session/cleanse.h"

#include <openssl/crypto.h>
#include <openssl/ssl.h>

static void on_new_context(void *context, void *nothing, CRYPTO_EX_DATA *data, int index, long number, void *pointer)
{
	(void)SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);
}

int kg_cleanse_init(void)
{
	return CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, NULL, on_new_context, NULL, NULL) < 0 ? -ENOMEM : 0;
}
