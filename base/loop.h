/*
 * The event loop of a process (sd-event behind it; no other file includes it).
 * One thread: every call and every callback happens on the thread that runs the loop.
 * A watch belongs to whoever made it, who frees it before the loop. A callback may free its own watch.
 */
#pragma once

#include "base/base.h"

#include <sys/epoll.h>
#include <sys/types.h>

struct kg_loop;
struct kg_watch;

typedef void (*kg_fd_fn)(void *data, int fd, uint32_t events);	// EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR
typedef void (*kg_call_fn)(void *data);
typedef void (*kg_signal_fn)(void *data, int signal);
typedef void (*kg_child_fn)(void *data, pid_t pid, int status);	// status as from waitpid(2); the child is reaped

int kg_loop_new(struct kg_loop **ret);
void kg_loop_free(struct kg_loop *loop);			// NULL is fine

/* Level-triggered. fd stays the caller's. */
int kg_loop_fd(struct kg_loop *loop, struct kg_watch **ret, int fd, uint32_t events, kg_fd_fn fn, void *data);

/* Once, in_us microseconds from now, within about a millisecond. UINT64_MAX: made, but not armed. */
int kg_loop_timer(struct kg_loop *loop, struct kg_watch **ret, uint64_t in_us, kg_call_fn fn, void *data);

/* Blocks the signal in this thread and calls fn for each. */
int kg_loop_signal(struct kg_loop *loop, struct kg_watch **ret, int signal, kg_signal_fn fn, void *data);

/* Once, when the child ends. SIGCHLD must be blocked in all threads (kg_loop_new does it for the caller's). */
int kg_loop_child(struct kg_loop *loop, struct kg_watch **ret, pid_t pid, kg_child_fn fn, void *data);

/* Once, at the next turn of the loop, after the events that are due now. */
int kg_loop_defer(struct kg_loop *loop, struct kg_watch **ret, kg_call_fn fn, void *data);

int kg_watch_set_events(struct kg_watch *watch, uint32_t events);	// of an fd watch; no system call if unchanged
int kg_watch_arm(struct kg_watch *watch, uint64_t in_us);		// a timer again; UINT64_MAX disarms it
void kg_watch_free(struct kg_watch *watch);				// NULL is fine

/* Runs until kg_loop_quit(). Returns the code given there, or a negative errno. */
int kg_loop_run(struct kg_loop *loop);
void kg_loop_quit(struct kg_loop *loop, int code);

/* One turn: waits at most timeout_us (UINT64_MAX: for ever) for events and dispatches one. Returns 0, 1 after a dispatch,
 * or a negative errno. */
int kg_loop_turn(struct kg_loop *loop, uint64_t timeout_us);

uint64_t kg_now_us(void);	// monotonic
