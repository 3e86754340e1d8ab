/*
 * Starts the sibling programs of kagamid and reaps them. A child has an environment made from scratch, the descriptors that
 * were meant for it and nothing else, standard error to kagamid's log, and dies with kagamid.
 */
#pragma once

#include "base/base.h"

#include <sys/types.h>

struct kg_loop;
struct kg_process;
struct kg_spawner;

/* directory: where the programs lie; NULL: beside kagamid, else where they are installed. */
int kg_spawner_new(struct kg_spawner **ret, struct kg_loop *loop, const char *directory);
void kg_spawner_free(struct kg_spawner *spawner);	// when kg_spawner_count() is 0; NULL is fine

/* Children that are not reaped yet, also those whose owner freed them. */
size_t kg_spawner_count(const struct kg_spawner *spawner);

/* Called on the loop whenever a child was reaped and none is left. */
void kg_spawner_on_empty(struct kg_spawner *spawner, void (*fn)(void *data), void *data);

void kg_spawner_kill_all(struct kg_spawner *spawner);	// SIGKILL

struct kg_process_how {
	const char *program;	// "kagami-session"
	const char *label;	// in the log: "session"
	const int *fds;		// become 3, 4 and so on; stay the caller's
	size_t fd_count;
	bool graphics;		// gets DISPLAY and the settings of GL and Vulkan too
};

/* The child has ended and is reaped. The process is freed after the call unless the callback did it. */
typedef void (*kg_process_ended_fn)(void *data, int status);

int kg_process_start(struct kg_process **ret, struct kg_spawner *spawner, const struct kg_process_how *how,
		     kg_process_ended_fn fn, void *data);
pid_t kg_process_pid(const struct kg_process *process);
void kg_process_kill(struct kg_process *process);	// SIGKILL; fn follows. NULL is fine

/* Kills it; fn is not called any more. It is reaped all the same. NULL is fine. */
void kg_process_free(struct kg_process *process);

/* The same, but it has grace_us to end by itself. */
void kg_process_release(struct kg_process *process, uint64_t grace_us);

/* "exit 1", "killed by signal 9 (Killed)". Returns text. */
const char *kg_status_text(int status, char text[64]);
