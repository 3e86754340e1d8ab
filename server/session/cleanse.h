/*
 * OpenSSL leaves what it has decrypted in its buffer until the next record comes. What a client sends can be a password: from
 * here on each connection's buffer is wiped as it is read.
 */
#pragma once

#include "base/base.h"

/* Before the first SSL_CTX is made. FreeRDP makes them, and lets nobody see them; OpenSSL tells us of each. */
int kg_cleanse_init(void);
