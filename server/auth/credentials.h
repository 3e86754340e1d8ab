/*
 * TSCredentials ([MS-CSSP] 2.2.1.2): what CredSSP delivers after a log-in, the password in clear. Here the password is blanked
 * before the session sees it. Pure; reads hostile bytes.
 */
#pragma once

#include "base/base.h"

/*
 * Overwrites the password of a TSCredentials with TSPasswordCreds in place with zeros; its size stays. Returns 0, or -EINVAL when
 * the bytes are not exactly that (other kinds of credentials included): nothing must then be passed on.
 */
int kg_credentials_blank(uint8_t *bytes, size_t size);
