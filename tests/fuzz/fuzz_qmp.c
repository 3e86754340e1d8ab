/* Target: the answers of a QEMU on its QMP connection. The first byte says in pieces of what size the rest arrives. */
#include "tests/fuzz/fuzz.h"
#include "server/broker/qmp-lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct kg_qmp_lines lines;
	char reason[KG_QMP_REASON_SIZE];
	enum kg_qmp_answer answer = KG_QMP_NOTHING;
	size_t step, space;

	if (size == 0)
		return 0;
	step = (size_t)*bytes++ + 1;
	size--;
	kg_qmp_lines_init(&lines);
	while (size > 0 && answer != KG_QMP_BAD) {
		char *to = kg_qmp_lines_space(&lines, &space);
		size_t count = KG_MIN(step, size);

		count = KG_MIN(count, space);
		if (count == 0)
			abort();	// it said that there is room
		memcpy(to, bytes, count);
		kg_qmp_lines_added(&lines, count);
		bytes += count;
		size -= count;
		do {
			answer = kg_qmp_lines_next(&lines, reason);
			if (strnlen(reason, sizeof(reason)) == sizeof(reason) || (reason[0] && answer != KG_QMP_ERROR &&
										  answer != KG_QMP_BAD))
				abort();
		} while (answer != KG_QMP_NOTHING && answer != KG_QMP_BAD);
	}
	return 0;
}
