/*
 * Asks a QEMU for its display: connects to its QMP socket, gives it one end of a socket pair (getfd) and tells it to speak
 * the D-Bus display protocol there (add_client). The other end is for a desktop process; kagamid reads nothing from it.
 *
 * QEMU serves one QMP client at a time: while another holds the socket there is no greeting, which the deadline ends.
 */
#pragma once

#include "base/base.h"

#define KG_QMP_DEADLINE_US 5000000

struct kg_loop;
struct kg_qmp;

/*
 * Once, from the loop: the display's connection, which the callee owns from here, or a negative errno; why is then one line
 * for the log, "" otherwise. The QMP connection is closed by then. The callee may free the kg_qmp.
 */
typedef void (*kg_qmp_fn)(void *data, int fd, const char *why);

/* Begins. Returns 0, or a negative errno when nothing listens at path; done is not called then. */
int kg_qmp_open(struct kg_qmp **ret, struct kg_loop *loop, const char *path, kg_qmp_fn done, void *data);
void kg_qmp_free(struct kg_qmp *qmp);	// NULL is fine; before done: gives up, and done is not called
