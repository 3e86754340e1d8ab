/*
 * Bytes of a QMP connection to lines, and lines to what little kagamid must know of them (QEMU's docs/interop/qmp-spec).
 * No I/O: bytes in, answers out. Everything is bounded; the peer is a QEMU that a guest may have taken over.
 */
#pragma once

#include "base/base.h"

#define KG_QMP_LINE_MAX 16384		// the greeting has 300 bytes, events some hundred
#define KG_QMP_DEPTH_MAX 32		// of nested objects and lists
#define KG_QMP_REASON_SIZE 128

enum kg_qmp_answer {
	KG_QMP_NOTHING,		// no whole line yet
	KG_QMP_GREETING,
	KG_QMP_RETURN,
	KG_QMP_ERROR,
	KG_QMP_EVENT,
	KG_QMP_BAD,		// no JSON object, too long, or none of the above: give the connection up
};

struct kg_qmp_lines {
	size_t used;		// bytes that wait
	char bytes[KG_QMP_LINE_MAX];
};

void kg_qmp_lines_init(struct kg_qmp_lines *lines);

/* Where the next bytes go, and how many fit: never 0 after kg_qmp_lines_next() said KG_QMP_NOTHING. */
char *kg_qmp_lines_space(struct kg_qmp_lines *lines, size_t *ret_size);
void kg_qmp_lines_added(struct kg_qmp_lines *lines, size_t size);

/* Takes the next line. reason is the error's text in printable ASCII, or "". */
enum kg_qmp_answer kg_qmp_lines_next(struct kg_qmp_lines *lines, char reason[KG_QMP_REASON_SIZE]);

/* One line without its end. */
enum kg_qmp_answer kg_qmp_answer_of(const char *line, size_t size, char reason[KG_QMP_REASON_SIZE]);
