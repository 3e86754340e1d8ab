/* Who the client's user is: nothing is believed here, kagamid knows it from kagami-auth. Only then is a desktop asked for. */
#pragma once

#include "base/base.h"

struct kg_session;

/* NLA is done: asks kagamid whether somebody was proved. 0, -EACCES when nobody was, or another negative errno. */
int kg_login_nla(struct kg_session *session);

/* TLS only: gives user and password of the client to kagami-auth, wipes them, then asks kagamid. May take seconds. */
int kg_login_password(struct kg_session *session);
