/*
 * One line per event, to standard error: "<level>topic: text: reason". Under systemd the level is written as it wants it
 * (sd-daemon(3)), on a terminal as a word.
 * Levels by consequence: err = a session or service is lost, warn = works with less, info = an operator wants it,
 * debug = a developer. Never log keys, passwords, clipboard or typed text.
 */
#pragma once

#include "base/base.h"

enum kg_log_level { KG_LOG_NOTHING = -1 /* fuzz targets */, KG_LOG_ERR, KG_LOG_WARN, KG_LOG_INFO, KG_LOG_DEBUG };

extern enum kg_log_level kg_log_level;

/* Names the program in front of every line. The string is kept, not copied. Levels are written for the journal when standard
 * error is it (JOURNAL_STREAM), or KG_LOG_PREFIX is 1. */
void kg_log_init(const char *program, enum kg_log_level level);

/* "error", "warning", "info" or "debug"; false when it is none of them. */
bool kg_log_level_parse(const char *name, enum kg_log_level *ret);

/* Replaces what is no printable character of UTF-8 (control characters, line separators, changes of direction) by '?'. */
void kg_log_clean(char *text, size_t size);

/* Writes the line in one write(2), control characters replaced. error is 0 or a negative errno, which is returned. */
int kg_log_at(enum kg_log_level level, const char *topic, int error, const char *format, ...) KG_PRINTF(4, 5);

#ifndef KG_TOPIC
#define KG_TOPIC NULL
#endif

#define kg_log(level, error, ...)                                                                  \
	({                                                                                         \
		int kg_log_error_ = (error);                                                       \
		if ((level) <= kg_log_level)                                                       \
			(void)kg_log_at(level, KG_TOPIC, kg_log_error_, __VA_ARGS__);              \
		kg_log_error_; /* so that the compiler knows the value */                          \
	})
/* These two log the reason and give the error back: return kg_err(r, "cannot open %s", path); */
#define kg_err(error, ...) kg_log(KG_LOG_ERR, error, __VA_ARGS__)
#define kg_warn(error, ...) kg_log(KG_LOG_WARN, error, __VA_ARGS__)
#define kg_info(...) ((void)kg_log(KG_LOG_INFO, 0, __VA_ARGS__))
#define kg_debug(...) ((void)kg_log(KG_LOG_DEBUG, 0, __VA_ARGS__))
