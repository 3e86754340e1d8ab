/* Log-in by PAM: one attempt, in a process of its own (root: PAM refuses everybody else). */
#pragma once

#include "base/base.h"
#include "base/limits.h"

/*
 * Authenticates and asks whether the account may log in. user and password: UTF-8. 0 with the name that PAM settled on, -EACCES
 * when it says no, or another negative errno (logged). Blocks: PAM takes its time on failures.
 */
int kg_pam_check(const char *service, const char *user, const char *password, char ret_user[KG_NAME_MAX]);
