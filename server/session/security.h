/*
 * The security package of NLA ([MS-CSSP]): FreeRDP believes that it runs one, but each call is a question to kagami-auth
 * (server/control/login-messages.h), where SPNEGO and NTLM are parsed and the password is blanked.
 *
 * FreeRDP finds the table by name in the program itself (FreeRDP_SspiModule = ""), so the program is linked with -rdynamic.
 */
#pragma once

#include "base/base.h"

struct kg_channel;

/* Before the lock: makes the table. login stays the caller's; NULL later means that nobody answers any more. */
int kg_security_init(void);
void kg_security_set_login(struct kg_channel *login);
