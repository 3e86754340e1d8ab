/*
 * One line per event to standard error, in one write(2), without allocation and without opening a file: a program that is
 * locked down logs like any other.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

/* The longest line with its end; what is longer is cut and ends in "...". */
#define LINE_SIZE 1000

enum kg_log_level kg_log_level = KG_LOG_INFO;

static const char *program_name;
static bool prefixed;		// "<3>" in front, as the journal wants it (sd-daemon(3)), instead of words

static const char *const level_words[] = { "error", "warning", "info", "debug" };
static const char *const level_prefixes[] = { "<3>", "<4>", "<6>", "<7>" };

/* systemd names the journal's socket by device and inode: standard error may have been redirected since. */
static bool is_journal(const char *stream)
{
	unsigned long long device, inode;
	struct stat stat;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &stat) == 0 &&
	       stat.st_dev == device && stat.st_ino == inode;
}

void kg_log_init(const char *program, enum kg_log_level level)
{
	const char *forced = getenv("KG_LOG_PREFIX");

	program_name = program;
	kg_log_level = level;
	prefixed = is_journal(getenv("JOURNAL_STREAM")) || (forced && !strcmp(forced, "1"));
}

bool kg_log_level_parse(const char *name, enum kg_log_level *ret)
{
	for (size_t i = 0; i < KG_ARRAY_SIZE(level_words); i++) {
		if (!strcmp(name, level_words[i])) {
			*ret = (enum kg_log_level)i;
			return true;
		}
	}
	return false;
}

struct line {
	char text[LINE_SIZE];
	size_t size;
	bool cut;
};

static void line_add(struct line *line, const char *text)
{
	size_t size = strlen(text), room = sizeof(line->text) - 1 - line->size;

	if (size > room) {
		size = room;
		line->cut = true;
	}
	memcpy(line->text + line->size, text, size);
	line->size += size;
}

static void line_vprintf(struct line *line, const char *format, va_list ap)
{
	size_t room = sizeof(line->text) - line->size;
	int size = vsnprintf(line->text + line->size, room, format, ap);

	if (size < 0)
		return line_add(line, format);
	if ((size_t)size >= room) {
		size = (int)room - 1;
		line->cut = true;
	}
	line->size += (size_t)size;
}

static bool continues(const uint8_t *text, const uint8_t *end, size_t count)
{
	if ((size_t)(end - text) <= count)
		return false;
	for (size_t i = 1; i <= count; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return false;
	}
	return true;
}

/* The bytes of the printable UTF-8 character at text, or 0: a control character or no character. */
static size_t printable_size(const uint8_t *text, const uint8_t *end)
{
	uint8_t c = text[0];
	uint32_t code;

	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	if (c >= 0xc2 && c < 0xe0 && continues(text, end, 1))
		return c == 0xc2 && text[1] < 0xa0 ? 0 : 2;		// U+0080..9F are controls
	if (c >= 0xe0 && c < 0xf0 && continues(text, end, 2)) {
		code = (uint32_t)(c & 15) << 12 | (uint32_t)(text[1] & 63) << 6 | (text[2] & 63u);
		if (code < 0x800 || (code >= 0xd800 && code < 0xe000))
			return 0;
		/* Line and paragraph separators, and what turns the direction of text round. */
		if ((code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069))
			return 0;
		return 3;
	}
	if (c >= 0xf0 && c < 0xf5 && continues(text, end, 3)) {
		code = (uint32_t)(c & 7) << 18 | (uint32_t)(text[1] & 63) << 12;
		return code >= 0x10000 && code < 0x110000 ? 4 : 0;
	}
	return 0;
}

/* Text of a peer must not make a second line, colour a terminal or break a parser of the log. */
void kg_log_clean(char *text, size_t text_size)
{
	uint8_t *at = (uint8_t *)text, *end = at + text_size;

	while (at < end) {
		size_t size = printable_size(at, end);

		if (!size)
			*at = '?';
		at += size ? size : 1;
	}
}

/*
 * The reason in plain words. strerror() would look for a translation, which opens files; these do not. Names that the
 * C library does not know become numbers.
 */
static void line_add_reason(struct line *line, int error)
{
	const char *words = strerrordesc_np(-error);
	char number[32];

	if (!words) {
		snprintf(number, sizeof(number), "error %d", error);
		words = number;
	}
	line_add(line, ": ");
	line_add(line, words);
}

/* Puts the mark of a cut at the end, on a character's border. */
static void line_mark_cut(struct line *line)
{
	size_t size = sizeof(line->text) - 1 - 3;

	while (size > 0 && ((uint8_t)line->text[size] & 0xc0) == 0x80)
		size--;
	memcpy(line->text + size, "...", 3);
	line->size = size + 3;
}

int kg_log_at(enum kg_log_level level, const char *topic, int error, const char *format, ...)
{
	int saved_errno = errno;
	struct line line = { .size = 0 };
	ssize_t written;
	va_list ap;

	if (prefixed) {
		line_add(&line, level_prefixes[level]);
	} else {
		if (program_name) {
			line_add(&line, program_name);
			line_add(&line, ": ");
		}
		line_add(&line, level_words[level]);
		line_add(&line, ": ");
	}
	if (topic) {
		line_add(&line, topic);
		line_add(&line, ": ");
	}
	va_start(ap, format);
	line_vprintf(&line, format, ap);
	va_end(ap);
	if (error)
		line_add_reason(&line, error);
	if (line.cut)
		line_mark_cut(&line);
	kg_log_clean(line.text, line.size);
	line.text[line.size++] = '\n';

	/* There is nobody to tell when this fails. */
	do
		written = write(STDERR_FILENO, line.text, line.size);
	while (written < 0 && errno == EINTR);
	errno = saved_errno;
	return error;
}
