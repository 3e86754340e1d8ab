/*
 * A QMP line is one JSON object. It is walked once, without recursion and without building anything: the names of its
 * outermost members say what it is, and of an error the member "desc" is kept for the log.
 */
#include "server/broker/qmp-lines.h"

struct walk {
	const char *at, *end;
	bool bad;
};

/* A string's place in the line, escapes left as they are. */
struct span {
	const char *start;
	size_t size;
};

void kg_qmp_lines_init(struct kg_qmp_lines *lines)
{
	lines->used = 0;
}

char *kg_qmp_lines_space(struct kg_qmp_lines *lines, size_t *ret_size)
{
	*ret_size = sizeof(lines->bytes) - lines->used;
	return lines->bytes + lines->used;
}

void kg_qmp_lines_added(struct kg_qmp_lines *lines, size_t size)
{
	lines->used += KG_MIN(size, sizeof(lines->bytes) - lines->used);
}

enum kg_qmp_answer kg_qmp_lines_next(struct kg_qmp_lines *lines, char reason[KG_QMP_REASON_SIZE])
{
	enum kg_qmp_answer answer;
	const char *end;
	size_t size;

	reason[0] = '\0';
	do {
		end = memchr(lines->bytes, '\n', lines->used);
		if (!end)
			return lines->used == sizeof(lines->bytes) ? KG_QMP_BAD : KG_QMP_NOTHING;
		size = (size_t)(end - lines->bytes);
		answer = KG_QMP_NOTHING;
		if (size > 0 && !(size == 1 && lines->bytes[0] == '\r'))	// empty lines are nothing
			answer = kg_qmp_answer_of(lines->bytes, size, reason);
		lines->used -= size + 1;
		memmove(lines->bytes, end + 1, lines->used);
	} while (answer == KG_QMP_NOTHING);
	return answer;
}

static void skip_blanks(struct walk *walk)
{
	while (walk->at < walk->end && (*walk->at == ' ' || *walk->at == '\t' || *walk->at == '\r'))
		walk->at++;
}

static bool next_is(struct walk *walk, char c)
{
	skip_blanks(walk);
	return walk->at < walk->end && *walk->at == c;
}

static bool take(struct walk *walk, char c)
{
	if (!next_is(walk, c))
		return false;
	walk->at++;
	return true;
}

static struct span take_string(struct walk *walk)
{
	struct span span = { NULL, 0 };

	if (!take(walk, '"')) {
		walk->bad = true;
		return span;
	}
	span.start = walk->at;
	while (walk->at < walk->end && *walk->at != '"') {
		if ((unsigned char)*walk->at < ' ')
			break;
		walk->at += *walk->at == '\\' && walk->end - walk->at > 1 ? 2 : 1;
	}
	if (walk->at >= walk->end || *walk->at != '"') {
		walk->bad = true;
		return (struct span){ NULL, 0 };
	}
	span.size = (size_t)(walk->at++ - span.start);
	return span;
}

/* A number, true, false or null: what it is exactly does not matter here. */
static void skip_word(struct walk *walk)
{
	const char *start;

	skip_blanks(walk);
	start = walk->at;
	while (walk->at < walk->end && strchr("0123456789+-.eEtrufalsn", *walk->at) && *walk->at != '\0')
		walk->at++;
	if (walk->at == start)
		walk->bad = true;
}

static struct span take_name(struct walk *walk)
{
	struct span name = take_string(walk);

	if (!take(walk, ':'))
		walk->bad = true;
	return name;
}

/* Skips one value of any kind. closers has what ends each object and list that is open. */
static void skip_value(struct walk *walk)
{
	char closers[KG_QMP_DEPTH_MAX];
	unsigned depth = 0;

	while (!walk->bad) {
		if (next_is(walk, '{') || next_is(walk, '[')) {
			char closer = *walk->at++ == '{' ? '}' : ']';

			if (depth == KG_QMP_DEPTH_MAX)
				break;
			if (!take(walk, closer)) {
				closers[depth++] = closer;
				if (closer == '}')
					(void)take_name(walk);
				continue;
			}
		} else if (next_is(walk, '"')) {
			(void)take_string(walk);
		} else {
			skip_word(walk);
		}
		while (depth > 0 && take(walk, closers[depth - 1]))
			depth--;
		if (depth == 0)
			return;
		if (!take(walk, ','))
			break;
		if (closers[depth - 1] == '}')
			(void)take_name(walk);
	}
	walk->bad = true;
}

/* The next member's name of an object whose '{' was taken; its value comes next. False at the end, or when walk is bad. */
static bool next_member(struct walk *walk, bool *first, struct span *name)
{
	if (walk->bad || take(walk, '}'))
		return false;
	if (!*first && !take(walk, ','))
		walk->bad = true;
	*first = false;
	*name = take_name(walk);
	return !walk->bad;
}

static bool span_is(struct span span, const char *text)
{
	return span.size == strlen(text) && memcmp(span.start, text, span.size) == 0;
}

/* The text of "desc" in an error object, for the log: printable ASCII only. */
static void take_reason(struct walk walk, char reason[KG_QMP_REASON_SIZE])
{
	struct span name, text;
	bool first = true;

	if (!take(&walk, '{'))
		return;
	while (next_member(&walk, &first, &name)) {
		if (!span_is(name, "desc") || !next_is(&walk, '"')) {
			skip_value(&walk);
			continue;
		}
		text = take_string(&walk);
		text.size = KG_MIN(text.size, (size_t)KG_QMP_REASON_SIZE - 1);
		for (size_t i = 0; i < text.size; i++)
			reason[i] = text.start[i] >= ' ' && text.start[i] < 127 ? text.start[i] : '?';
		reason[text.size] = '\0';
	}
}

enum kg_qmp_answer kg_qmp_answer_of(const char *line, size_t size, char reason[KG_QMP_REASON_SIZE])
{
	static const struct {
		const char *name;
		enum kg_qmp_answer answer;
	} members[] = {
		{ "QMP", KG_QMP_GREETING },
		{ "return", KG_QMP_RETURN },
		{ "error", KG_QMP_ERROR },
		{ "event", KG_QMP_EVENT },
	};
	struct walk walk = { line, line + size, false };
	enum kg_qmp_answer answer = KG_QMP_BAD;
	struct span name;
	bool first = true;

	reason[0] = '\0';
	if (!take(&walk, '{'))
		return KG_QMP_BAD;
	while (next_member(&walk, &first, &name)) {
		for (size_t i = 0; i < KG_ARRAY_SIZE(members); i++) {
			if (!span_is(name, members[i].name))
				continue;
			if (answer != KG_QMP_BAD)	// two of them: whatever that is
				return KG_QMP_BAD;
			answer = members[i].answer;
			if (answer == KG_QMP_ERROR)
				take_reason(walk, reason);
		}
		skip_value(&walk);
	}
	skip_blanks(&walk);
	return walk.bad || walk.at != walk.end ? KG_QMP_BAD : answer;
}
