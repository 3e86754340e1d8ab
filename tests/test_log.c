/* Log lines: one write each, whole, bounded, and nothing of a peer's that could make a second line. */
#define KG_TOPIC "topic"
#include "base/log.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int reader = -1;
static char packet[8192];

/* Standard error becomes a pipe of packets: one read gives what one write gave. */
static void redirect(void)
{
	int pipes[2];

	if (pipe2(pipes, O_DIRECT | O_NONBLOCK | O_CLOEXEC) < 0 || dup2(pipes[1], STDERR_FILENO) < 0)
		abort();
	close(pipes[1]);
	reader = pipes[0];
}

/* The next line without its end, "" when none was written; *whole: it came in one write and has one end. */
static const char *line(bool *whole)
{
	ssize_t size = read(reader, packet, sizeof(packet) - 1);

	*whole = size > 0 && memchr(packet, '\n', (size_t)size) == packet + size - 1;
	packet[size > 0 ? size : 0] = 0;
	packet[strcspn(packet, "\n")] = 0;
	return packet;
}

static bool said(const char *expected)
{
	bool whole;
	const char *text = line(&whole);

	if (whole && !strcmp(text, expected))
		return true;
	note("got:      %s", text);
	note("expected: %s", expected);
	return false;
}

static bool said_nothing(void)
{
	bool whole;

	return !*line(&whole);
}

static int fails(void)
{
	return kg_warn(-ENOENT, "cannot open %s", "/x");
}

static void test_levels(void)
{
	enum kg_log_level level;

	ok(fails() == -ENOENT && said("prog: warning: topic: cannot open /x: No such file or directory"),
	   "a warning has program, level, topic, text and reason, and gives the error back");
	ok(kg_err(0, "x") == 0 && said("prog: error: topic: x"), "no error, no reason");
	kg_info("%d views", 3);
	ok(said("prog: info: topic: 3 views"), "an info line");
	kg_debug("hidden");
	ok(said_nothing(), "what is above the level is not written");
	ok(kg_log(KG_LOG_DEBUG, -EIO, "hidden") == -EIO && said_nothing(), "but gives the error back");
	kg_log_at(KG_LOG_INFO, NULL, 0, "bare");
	ok(said("prog: info: bare"), "a line without a topic");
	ok(kg_err(-12345, "odd") == -12345 && said("prog: error: topic: odd: error -12345"),
	   "an error that the C library does not know is a number");
	errno = 77;
	kg_info("x");
	ok(errno == 77 && said("prog: info: topic: x"), "errno stays");

	ok(kg_log_level_parse("debug", &level) && level == KG_LOG_DEBUG && kg_log_level_parse("error", &level) &&
		   level == KG_LOG_ERR && kg_log_level_parse("warning", &level) && level == KG_LOG_WARN &&
		   kg_log_level_parse("info", &level) && level == KG_LOG_INFO,
	   "levels are read by name");
	ok(!kg_log_level_parse("loud", &level) && !kg_log_level_parse("", &level) && level == KG_LOG_INFO,
	   "others are not, and leave the result alone");
}

static void test_clean(void)
{
	static const struct {
		const char *text, *clean, *what;
	} cases[] = {
		{ "a\nprog: error: forged", "a?prog: error: forged", "no second line" },
		{ "\033[31mred\r\t\x7f", "?[31mred???", "no control character" },
		{ "\xc2\x9b" "1m \xc2\x85", "??1m ??", "no control character above 127" },
		{ "\xe2\x80\xa8 \xe2\x80\xae", "??? ???", "no line separator, no turned direction" },
		{ "M\xc3\xbcller \xe9\x8f\xa1 \xf0\x9f\x98\x80", "M\xc3\xbcller \xe9\x8f\xa1 \xf0\x9f\x98\x80",
		  "names of the world" },
		{ "\xff\xfe \xc0\xaf \xe0\x80\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xf0\x80\x80\xaf", "?? ?? ??? ??? ???? ????",
		  "no byte that is no character" },
		{ "cut \xe9\x8f", "cut ??", "no half character" },
		{ "%s%n", "%s%n", "no format of a peer's" },
	};
	char expected[256];

	for (size_t i = 0; i < KG_ARRAY_SIZE(cases); i++) {
		kg_info("%s", cases[i].text);
		snprintf(expected, sizeof(expected), "prog: info: topic: %s", cases[i].clean);
		ok(said(expected), "%s", cases[i].what);
	}
}

static void test_long(void)
{
	char text[5000];
	bool whole;
	const char *got;
	size_t size;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	kg_err(-EIO, "%s", text);
	got = line(&whole);
	size = strlen(got);
	ok(whole && size > 900 && size < 1000 && !strcmp(got + size - 6, "xxx..."),
	   "a long line is cut, and says so (%zu)", size);
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xbc", 2);
	for (int shift = 0; shift < 2; shift++) {
		kg_info("%s", text + shift * 2);
		got = line(&whole);
		ok(whole && !strpbrk(got, "?"), "a cut does not halve a character");
		kg_info(" %s", text);
		got = line(&whole);
		ok(whole && !strpbrk(got, "?"), "wherever it falls");
	}
}

static void test_prefix(void)
{
	struct stat stat;
	char stream[64];

	setenv("KG_LOG_PREFIX", "1", 1);
	kg_log_init("prog", KG_LOG_DEBUG);
	kg_err(-EIO, "lost");
	ok(said("<3>topic: lost: Input/output error"), "the journal gets a level that it knows");
	kg_debug("d");
	ok(said("<7>topic: d"), "and debug lines theirs");
	unsetenv("KG_LOG_PREFIX");
	fstat(STDERR_FILENO, &stat);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)stat.st_dev, (unsigned long long)stat.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	kg_log_init("prog", KG_LOG_INFO);
	kg_warn(0, "w");
	ok(said("<4>topic: w"), "JOURNAL_STREAM that is standard error means the journal");
	setenv("JOURNAL_STREAM", "8:1234", 1);
	kg_log_init("prog", KG_LOG_INFO);
	kg_warn(0, "w");
	ok(said("prog: warning: topic: w"), "another does not");
	unsetenv("JOURNAL_STREAM");
	kg_log_init("prog", KG_LOG_INFO);
}

/* A locked process: no file may be opened for the reason's text. */
static void test_without_files(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct rlimit none = { 0, 0 };

		setenv("LC_ALL", "de_DE.UTF-8", 1);
		setrlimit(RLIMIT_NOFILE, &none);
		kg_err(-ECONNRESET, "peer");
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ok(said("prog: error: topic: peer: Connection reset by peer"), "the reason needs no file");
}

int main(void)
{
	redirect();
	unsetenv("JOURNAL_STREAM");
	unsetenv("KG_LOG_PREFIX");
	kg_log_init("prog", KG_LOG_INFO);
	test_levels();
	test_clean();
	test_long();
	test_prefix();
	test_without_files();
	return tap_end();
}
