/* kagami-auth: one log-in attempt for one session, by NLA's security package or by PAM. Ends when its session ends. */
#define KG_TOPIC "auth"

#include "base/log.h"
#include "base/sandbox.h"
#include "server/auth/package.h"
#include "server/auth/pam.h"
#include "server/control/auth-messages.h"
#include "server/control/channel.h"
#include "server/control/login-messages.h"
#include "server/control/session-messages.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#define MEMORY_MAX (512ull << 20)
#define ANSWER_TIMEOUT_MS 10000		// kagamid's

struct auth {
	struct kg_channel *control;	// kagamid
	struct kg_channel *login;	// our session
	struct kg_auth_setup setup;
	char service[KG_AUTH_SERVICE_MAX + 1];
	struct kg_package *package;	// NLA
	bool tried;			// PAM: one attempt
};

/* What winpr, Kerberos and OpenSSL need once they are warm. They live well with "permission denied" for files. */
static const struct kg_rule rules[] = {
	KG_ALLOW("read"),
	KG_ALLOW("write"),
	KG_ALLOW("close"),
	KG_ALLOW("poll"),
	KG_ALLOW("ppoll"),
	KG_ALLOW_IF("recvmsg", KG_ARG32(0, KG_AUTH_CONTROL_FD)),
	KG_ALLOW_IF("recvmsg", KG_ARG32(0, KG_AUTH_LOGIN_FD)),
	KG_ALLOW_IF("sendto", KG_ARG(4, 0), KG_ARG(5, 0)),
	KG_ALLOW_IF("mmap", KG_ARG_BITS(2, ~(uint64_t)(PROT_READ | PROT_WRITE), 0),
		    KG_ARG32(3, MAP_PRIVATE | MAP_ANONYMOUS)),
	KG_ALLOW("munmap"),
	KG_ALLOW("mremap"),
	KG_ALLOW("brk"),
	KG_ALLOW_IF("madvise", KG_ARG32(2, MADV_DONTNEED)),
	KG_ALLOW("clock_gettime"),
	KG_ALLOW("getrandom"),
	KG_ALLOW("futex"),
	KG_ALLOW("getpid"),
	KG_ALLOW("gettid"),
	KG_ALLOW("uname"),
	KG_ALLOW("fstat"),
	KG_ALLOW("rt_sigreturn"),
	KG_ALLOW("rt_sigprocmask"),
	KG_ALLOW("restart_syscall"),
	KG_ALLOW("exit_group"),
	KG_DENY("openat"),
	KG_DENY("newfstatat"),
	{ .action = KG_RULE_END },
};

/* Reads SETUP, the first message. */
static int read_setup(struct auth *auth)
{
	struct {
		struct kg_auth_setup setup;
		char service[KG_AUTH_SERVICE_MAX];
	} KG_WIRE message;
	size_t size = sizeof(message);
	int r = kg_channel_wait(auth->control, &message, &size, NULL, -1);

	if (r < 0)
		return r;
	auth->setup = message.setup;
	memcpy(auth->service, message.service, size - sizeof(message.setup));
	if ((auth->setup.security != KG_SECURITY_NLA && auth->setup.security != KG_SECURITY_TLS) ||
	    auth->setup.sandbox > KG_SANDBOX_OFF || auth->setup.log_level > (uint32_t)KG_LOG_DEBUG)
		return -EINVAL;
	kg_log_init("kagami-auth", auth->setup.log_level);
	return 0;
}

/* The package's question goes to kagamid. */
static int verify(void *data, const struct kg_auth_verify *ask, const void *tail, size_t tail_size, struct kg_auth_key *ret)
{
	struct auth *auth = data;
	size_t size = sizeof(*ret);
	int r = kg_channel_ask(auth->control, KG_AUTH_VERIFY, ask, sizeof(*ask), tail, tail_size, KG_AUTH_KEY, ret, &size, NULL,
			       ANSWER_TIMEOUT_MS);

	return r < 0 ? kg_err(r, "no answer from kagamid") : 0;
}

/* NLA: everything that needs files, then the lock. Returns the layers in force. */
static int prepare_nla(struct auth *auth)
{
	const struct kg_sandbox sandbox = {
		.mode = (enum kg_sandbox_mode)auth->setup.sandbox,
		.memory_max = MEMORY_MAX,
		.files_max = 64,
		.no_processes = true,
		.uid = auth->setup.uid,
		.gid = auth->setup.gid,
		.rules = rules,
	};
	const char *what = "";
	int r;

	(void)setlocale(LC_ALL, "C");
	tzset();
	r = kg_package_new(&auth->package, verify, auth);
	if (r < 0)
		return r;
	r = kg_sandbox_enter(&sandbox, &what);
	return r < 0 ? kg_err(r, "cannot lock: %s", what) : r;
}

static int answer_nla(struct auth *auth, int id, uint8_t *bytes, size_t size)
{
	uint8_t data[KG_LOGIN_DATA_MAX];
	struct kg_login_question ask;
	struct kg_login_result result = { 0 };
	size_t data_size = sizeof(data), first, signature = 0;
	int r;

	memcpy(&ask, bytes, sizeof(ask));
	bytes += sizeof(ask);
	size -= sizeof(ask);
	first = ask.first;
	if (first > size)
		return -EPROTO;
	switch (id) {
	case KG_LOGIN_ACCEPT:
		result.status = kg_package_accept(auth->package, ask.argument, bytes, first, data, &data_size);
		break;
	case KG_LOGIN_SIZES:
		result.status = kg_package_sizes(auth->package, data, &data_size);
		break;
	case KG_LOGIN_ENCRYPT:
		result.status = kg_package_encrypt(auth->package, ask.argument, bytes, first, data, &data_size, &signature);
		result.first = (uint32_t)signature;
		break;
	case KG_LOGIN_DECRYPT:
		result.status = kg_package_decrypt(auth->package, ask.argument, bytes, first, bytes + first, size - first, data,
						   &data_size);
		break;
	default:
		return -EPROTO;
	}
	r = kg_channel_send_tail(auth->login, KG_LOGIN_RESULT, &result, sizeof(result), data, data_size);
	explicit_bzero(data, data_size);
	return r;
}

static int answer_pam(struct auth *auth, uint8_t *bytes, size_t size)
{
	struct kg_login_password ask;
	struct kg_login_password_result result = { 0 };
	struct kg_auth_pam_result told = { 0 };
	char user[KG_LOGIN_PASSWORD_MAX + 1] = { 0 }, password[KG_LOGIN_PASSWORD_MAX + 1] = { 0 };
	int r = -EACCES;

	memcpy(&ask, bytes, sizeof(ask));
	if ((size_t)ask.user + ask.password != size - sizeof(ask) || auth->tried)
		return -EPROTO;
	auth->tried = true;
	memcpy(user, bytes + sizeof(ask), ask.user);
	memcpy(password, bytes + sizeof(ask) + ask.user, ask.password);
	if (strlen(user) == ask.user && ask.user && strlen(password) == ask.password) {
#if HAVE_PAM
		r = kg_pam_check(auth->service, user, password, told.user);
#else
		r = kg_err(-ENOTSUP, "this kagami was built without PAM");
#endif
	}
	explicit_bzero(password, sizeof(password));
	result.ok = told.ok = r == 0;
	if (r < 0)
		snprintf(told.user, sizeof(told.user), "%.*s", KG_NAME_MAX - 1, user);	// for the log line
	/* kagamid first: the session goes on as soon as it has its answer. */
	r = kg_channel_send(auth->control, KG_AUTH_PAM_RESULT, &told, sizeof(told));
	if (r == 0)
		r = kg_channel_send(auth->login, KG_LOGIN_PASSWORD_RESULT, &result, sizeof(result));
	return r;
}

/* Answers the session's questions until it ends. */
static int serve(struct auth *auth)
{
	uint8_t bytes[sizeof(struct kg_login_question) + KG_LOGIN_DATA_MAX];
	int id, r = 0;

	while (r == 0) {
		size_t size = sizeof(bytes);

		id = kg_channel_wait(auth->login, bytes, &size, NULL, -1);
		if (id < 0)
			return id == -EPIPE || id == -ECONNRESET ? 0 : id;
		r = auth->package ? answer_nla(auth, id, bytes, size) : answer_pam(auth, bytes, size);
		explicit_bzero(bytes, size);
	}
	return r == -EPIPE || r == -ECONNRESET ? 0 : r;
}

static int run(struct auth *auth)
{
	struct kg_auth_ready ready = { 0 };
	int r = kg_channel_new(&auth->control, &kg_auth_messages, KG_SIDE_B, KG_AUTH_CONTROL_FD, "kagamid", 0);

	if (r == 0)
		r = kg_channel_new(&auth->login, &kg_login_messages, KG_SIDE_B, KG_AUTH_LOGIN_FD, "the session", 0);
	if (r == 0)
		r = read_setup(auth);
	if (r < 0)
		return r;
	if (auth->setup.security == KG_SECURITY_NLA) {
		r = prepare_nla(auth);
		if (r < 0)
			return r;
		ready.layers = (uint32_t)r;
	}
	kg_channel_set_phase(auth->login, auth->package ? KG_LOGIN_NLA : KG_LOGIN_PAM);
	r = kg_channel_send(auth->control, KG_AUTH_READY, &ready, sizeof(ready));
	return r < 0 ? r : serve(auth);
}

int main(int argc, char **argv)
{
	struct auth auth = { 0 };
	int r;

	kg_log_init("kagami-auth", KG_LOG_INFO);
	if (argc > 1 || fcntl(KG_AUTH_CONTROL_FD, F_GETFD) < 0) {
		(void)kg_err(0, "%s is started by kagamid and by nobody else", argv[0]);
		return 2;
	}
	r = run(&auth);
	if (r < 0 && r != -EPIPE)
		(void)kg_err(r, "the log-in attempt ends");
	kg_package_free(auth.package);
	kg_channel_free(auth.login);
	kg_channel_free(auth.control);
	return r < 0;
}
