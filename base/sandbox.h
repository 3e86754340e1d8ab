/*
 * Locks the calling process: limits, user, no-new-privileges, not dumpable, Landlock, seccomp, in this order, and lets it end
 * with its parent. KG_SANDBOX_TRAP=1 in the environment says on standard error which call the filter refused. To be called
 * while the process has one thread, except where a kind of desktop has drivers with threads of their own: Landlock then
 * covers the calling thread and what it starts, seccomp all threads.
 */
#pragma once

#include "base/base.h"

#include <sys/types.h>

/* How much must be had. require: the first layer that the kernel does not offer is an error. best: it is left out.
 * off: none; but root becomes uid all the same. */
enum kg_sandbox_mode { KG_SANDBOX_BEST, KG_SANDBOX_REQUIRE, KG_SANDBOX_OFF };

/* The layers in force, for the log and kagamictl. */
enum kg_sandbox_layer {
	KG_LAYER_LIMITS = 1,
	KG_LAYER_USER = 2,
	KG_LAYER_PRIVILEGES = 4,	// no-new-privileges, not dumpable, no capabilities
	KG_LAYER_LANDLOCK = 8,
	KG_LAYER_SECCOMP = 16,
};

enum kg_rule_action { KG_RULE_END, KG_RULE_ALLOW, KG_RULE_DENY /* answers EACCES */, KG_RULE_UNKNOWN /* ENOSYS */ };

/* One comparison of a system call's argument: (argument & mask) == value. */
struct kg_rule_test {
	uint8_t argument;	// 0 to 5
	bool used;
	uint64_t mask, value;
};

/*
 * A system call that is allowed, denied or unknown when all tests hold; a call without a rule whose tests hold kills the process.
 * Rules with tests of one call are alternatives; an argument has at most one test in each, which may look at several bits.
 * A rule without tests stands alone for its call: beside others of the call, or of another action, it is an error (-EINVAL),
 * because libseccomp would let it swallow them. So "allowed if, else EACCES" cannot be said; "allowed if, else killed" can.
 * The rules and the second list count as one list.
 */
struct kg_rule {
	enum kg_rule_action action;
	const char *call;	// name as in <asm/unistd.h>; one that this machine does not know is left out
	struct kg_rule_test tests[3];
};

#define KG_ALLOW(name) { .action = KG_RULE_ALLOW, .call = name }
#define KG_DENY(name) { .action = KG_RULE_DENY, .call = name }
#define KG_UNKNOWN(name) { .action = KG_RULE_UNKNOWN, .call = name }	// as if the kernel were older: libc then takes another
#define KG_ALLOW_IF(name, ...) { .action = KG_RULE_ALLOW, .call = name, .tests = { __VA_ARGS__ } }
#define KG_ARG(n, v) { .argument = n, .used = true, .mask = UINT64_MAX, .value = v }
#define KG_ARG32(n, v) { .argument = n, .used = true, .mask = UINT32_MAX, .value = (uint32_t)(v) }
#define KG_ARG_BITS(n, m, v) { .argument = n, .used = true, .mask = m, .value = v }

/* In the first list of a process that is going to call kg_sandbox_narrow(): loading a filter (1), with no other flags than
 * TSYNC (1) and TSYNC_ESRCH (16). */
#define KG_ALLOW_NARROW KG_ALLOW_IF("seccomp", KG_ARG32(0, 1), KG_ARG_BITS(1, 0xffffffee, 0))

struct kg_sandbox {
	enum kg_sandbox_mode mode;
	uint64_t memory_max;		// RLIMIT_AS in bytes, 0: none (always none under a sanitizer)
	uint32_t files_max;		// RLIMIT_NOFILE, 0: as it is
	bool no_processes;		// RLIMIT_NPROC 0: neither processes nor threads
	uid_t uid;			// user and group to become; (uid_t)-1: stay. Only root can change
	gid_t gid;
	bool landlock_read;		// reading the system's files (programs, devices, /proc) stays allowed, for drivers;
					// others, writing, network and signals never
	const struct kg_rule *rules;	// ends with KG_RULE_END; everything else kills the process. NULL: no filter.
					// A build with a sanitizer (KG_SANITIZED) has no filter either
	const struct kg_rule *more;	// a second list, or NULL
};

/* Returns the layers in force (bits of kg_sandbox_layer), or a negative errno; *what then names the layer that failed. */
int kg_sandbox_enter(const struct kg_sandbox *sandbox, const char **what);

/* A further filter on top: only what rules allow is left of what was. KG_ALLOW_NARROW must be in the first list, and memory
 * still be had. Returns 0 or a negative errno. Under a sanitizer it does nothing. */
int kg_sandbox_narrow(const struct kg_rule *rules);

/* "limits user privileges landlock seccomp" for the bits that are set. Returns text. */
const char *kg_sandbox_layers_text(int layers, char text[64]);

bool kg_sandbox_mode_parse(const char *name, enum kg_sandbox_mode *ret);	// "best", "require", "off"
const char *kg_sandbox_mode_text(enum kg_sandbox_mode mode);

/* Looks up a user for kg_sandbox.uid. -ENOENT when there is none. To be called before the lock. */
int kg_sandbox_user(const char *name, uid_t *ret_uid, gid_t *ret_gid);
