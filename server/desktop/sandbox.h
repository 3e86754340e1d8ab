/*
 * The lock of kagami-desktop, in two steps: all layers but the filter once the source is open; then the threads of the
 * job pool start, which inherit them; then the filter, for all threads.
 */
#pragma once

#include "base/sandbox.h"

struct kg_desktop_kind;

/* Returns the layers in force, or a negative errno (logged). uid and gid (uid_t)-1: stay. */
int kg_desktop_lock(const struct kg_desktop_kind *kind, enum kg_sandbox_mode mode, uid_t uid, gid_t gid);

/* The filter. Returns KG_LAYER_SECCOMP, 0 where it is not wanted or cannot be had, or a negative errno (logged). */
int kg_desktop_filter(const struct kg_desktop_kind *kind, enum kg_sandbox_mode mode);
