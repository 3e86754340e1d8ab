/* The log lines that are API, cookies, and lines of other programs. */
#include "base/base.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/loop.h"
#include "server/broker/audit.h"
#include "server/broker/cookies.h"
#include "server/broker/listen.h"
#include "server/broker/relay.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static char line[4096];

/* What was written to standard error since. */
static int capture_start(int *saved)
{
	int pipe_fds[2];

	if (pipe(pipe_fds) < 0)
		exit(1);
	*saved = dup(2);
	dup2(pipe_fds[1], 2);
	close(pipe_fds[1]);
	return pipe_fds[0];
}

static const char *capture_end(int from, int saved)
{
	ssize_t size;

	dup2(saved, 2);
	close(saved);
	size = read(from, line, sizeof(line) - 1);
	line[size > 0 ? size : 0] = 0;
	close(from);
	return line;
}

#define CAPTURE(call)                                                                              \
	({                                                                                         \
		int saved_, from_ = capture_start(&saved_);                                        \
		call;                                                                              \
		capture_end(from_, saved_);                                                        \
	})

static void test_lines(void)
{
	struct kg_peer peer = { .host = "2001:db8::1" };
	struct kg_id id = { .bytes = { 0x11, 0x22 } };

	ok(!strcmp(CAPTURE(kg_audit_login_failed("anna", &peer, "a bad proof")),
		   "kagamid: warning: login failed: user \"anna\" from 2001:db8::1\n"), "a failed log-in");
	ok(!strcmp(CAPTURE(kg_audit_login("anna", &peer, &id)),
		   "kagamid: info: login: user \"anna\" from 2001:db8::1 session 11220000-0000-0000-0000-000000000000\n"),
	   "a log-in");
	ok(!strcmp(CAPTURE(kg_audit_ended("anna", &peer, &id, "taken over")),
		   "kagamid: info: session ended: user \"anna\" from 2001:db8::1 session "
		   "11220000-0000-0000-0000-000000000000: taken over\n"), "an end");
	ok(!strcmp(CAPTURE(kg_audit_refused(&peer, "too many sessions")),
		   "kagamid: warning: connection refused: from 2001:db8::1: too many sessions\n"), "a refusal");
	(void)CAPTURE(for (int i = 0; i < 1000; i++) kg_audit_handshake_ended(&peer, "closed"));
	ok(strlen(line) < 30 * sizeof("kagamid: info: handshake ended: from 2001:db8::1: closed"),
	   "what anybody can cause is limited");
}

static void test_names(void)
{
	struct kg_peer peer = { .host = "192.0.2.1" };
	char text[KG_AUDIT_NAME_SIZE], name[KG_NAME_MAX + 1];

	ok(!strcmp(CAPTURE(kg_audit_login_failed("x\" from 10.0.0.1\nkagamid: error: \\", &peer, NULL)),
		   "kagamid: warning: login failed: user \"x? from 10.0.0.1?kagamid: error: ?\" from 192.0.2.1\n"),
	   "a name ends neither its quotes nor its line");
	ok(!strcmp(kg_audit_name("J\xc3\xb6rg", text), "J\xc3\xb6rg"), "UTF-8 stays");
	ok(!strcmp(kg_audit_name("a\tb\x1b[2Jc\x7f" "d\xc2\x9b" "e\x9b" "f\xe2\x80\xae", text), "a?b?[2Jc?d??e?f???"),
	   "what a terminal would obey does not");
	memset(name, 'a', KG_NAME_MAX);
	name[KG_NAME_MAX] = 0;
	ok(strlen(kg_audit_name(name, text)) == 67 && !strcmp(text + 64, "..."), "a long name is cut");
	memset(name, 'a', 63);
	memcpy(name + 63, "\xe9\x8f\xa1\xe9\x8f\xa1", 7);
	ok(!strcmp(kg_audit_name(name, text) + 63, "..."), "between characters");
}

static void test_relay(void)
{
	enum kg_log_level level;

	ok(!strcmp(kg_relay_line("<3>topic: text", &level), "topic: text") && level == KG_LOG_ERR, "a level is read");
	ok(!strcmp(kg_relay_line("<9>text", &level), "<9>text") && level == KG_LOG_WARN, "what is none is text");
}

/* Writes as fast as it can for half a second; returns the bytes that were read. */
static size_t flood(struct kg_loop *loop, int fd, const char *bytes, size_t size)
{
	double end = tap_now() + 0.5;
	size_t sum = 0;

	while (tap_now() < end) {
		ssize_t written = write(fd, bytes, size);

		sum += written > 0 ? (size_t)written : 0;
		kg_loop_turn(loop, written > 0 ? 0 : 1000);
	}
	return sum;
}

static void turn_for(struct kg_loop *loop, double seconds)
{
	for (double end = tap_now() + seconds; tap_now() < end;)
		kg_loop_turn(loop, 1000);
}

static void test_flood(void)
{
	static const char last[] = "\n<6>topic: the last line\n";
	struct kg_relay *relay;
	struct kg_loop *loop;
	static char bytes[65536];
	size_t empty, full;
	int ends[2];

	if (pipe(ends) < 0 || kg_loop_new(&loop) < 0)
		exit(1);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	if (kg_relay_new(&relay, loop, ends[0], "session", 7) < 0)
		exit(1);
	memset(bytes, '\n', sizeof(bytes));
	empty = flood(loop, ends[1], bytes, sizeof(bytes));
	memset(bytes, 'x', sizeof(bytes));
	kg_log_level = KG_LOG_NOTHING;
	full = flood(loop, ends[1], bytes, sizeof(bytes));
	kg_log_level = KG_LOG_INFO;
	ok(empty < 4 << 20 && full < 4 << 20, "who writes without end is not read without end (%zu, %zu bytes)", empty, full);
	turn_for(loop, 0.5);	// it is read up, and may log again
	(void)CAPTURE(({
		if (write(ends[1], last, sizeof(last) - 1) > 0)
			close(ends[1]);
		turn_for(loop, 0.3);
	}));
	ok(strstr(line, "session[7]: topic: the last line\n") != NULL, "and is read to its end");
	kg_relay_free(relay);
	kg_loop_free(loop);
}

static void test_cookies(void)
{
	static const uint8_t zeros[32];
	struct kg_cookies *cookies;
	struct kg_cookie first, second;
	uint8_t right[16], old[16];
	char user[32];
	bool all = true;
	unsigned size = 16;

	if (kg_cookies_new(&cookies) < 0 || kg_cookies_make(cookies, &first) < 0 || kg_cookies_make(cookies, &second) < 0)
		exit(1);
	HMAC(EVP_md5(), first.random, 16, zeros, 32, old, &size);
	HMAC(EVP_md5(), second.random, 16, zeros, 32, right, &size);
	ok(kg_cookies_check(cookies, "anna", first.logon_id, old) == KG_COOKIE_UNKNOWN, "a cookie of nobody is unknown");
	kg_cookies_keep(cookies, "anna", &first);
	ok(kg_cookies_check(cookies, "anna", first.logon_id, old) == KG_COOKIE_GOOD, "the last cookie is good");
	ok(kg_cookies_check(cookies, "anna", first.logon_id + 1, old) == KG_COOKIE_OLD &&
	   kg_cookies_check(cookies, "anna", first.logon_id, right) == KG_COOKIE_OLD, "a wrong one is not");
	ok(kg_cookies_check(cookies, "bert", first.logon_id, old) == KG_COOKIE_UNKNOWN, "it is another user's not");
	kg_cookies_keep(cookies, "anna", &second);
	ok(kg_cookies_check(cookies, "anna", first.logon_id, old) == KG_COOKIE_OLD &&
	   kg_cookies_check(cookies, "anna", second.logon_id, right) == KG_COOKIE_GOOD, "a new log-in makes it old");
	for (int i = 0; i < 2 * KG_COOKIES_MAX; i++) {
		snprintf(user, sizeof(user), "user %d", i);
		all &= kg_cookies_keep(cookies, user, &first) == 0;
	}
	ok(all && kg_cookies_check(cookies, "anna", second.logon_id, right) == KG_COOKIE_UNKNOWN &&
	   kg_cookies_check(cookies, user, first.logon_id, old) == KG_COOKIE_GOOD, "too many users push the oldest out");
	kg_cookies_free(cookies);
}

int main(void)
{
	kg_log_init("kagamid", KG_LOG_INFO);
	test_lines();
	test_names();
	test_relay();
	test_flood();
	test_cookies();
	return tap_end();
}
