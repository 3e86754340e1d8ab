/* What every file of kagami may use: errors as negative errno, checked sizes, small helpers. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The result of a system call as an int: what it returned, or a negative errno. */
#define KG_SYS(call)                                                                               \
	({                                                                                         \
		long kg_sys_result_ = (long)(call);                                                \
		kg_sys_result_ < 0 ? -errno : (int)kg_sys_result_;                                 \
	})

#define kg_container_of(pointer, type, member)                                                     \
	((type *)((char *)(1 ? (pointer) : &((type *)0)->member) - offsetof(type, member)))

#define KG_ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Each use has variables of its own, so that they can be nested. */
#define KG_PICK__(a, b, op, n)                                                                     \
	({                                                                                         \
		__typeof__(a) kg_a##n##_ = (a);                                                    \
		__typeof__(b) kg_b##n##_ = (b);                                                    \
		kg_a##n##_ op kg_b##n##_ ? kg_a##n##_ : kg_b##n##_;                                \
	})
#define KG_PICK_(a, b, op, n) KG_PICK__(a, b, op, n)
#define KG_MIN(a, b) KG_PICK_(a, b, <, __COUNTER__)
#define KG_MAX(a, b) KG_PICK_(a, b, >, __COUNTER__)

#define KG_PRINTF(text, first) __attribute__((format(printf, text, first)))

/* True when the product or sum overflows; *ret is then not to be used. */
static inline bool kg_mul_overflows(size_t a, size_t b, size_t *ret)
{
	return __builtin_mul_overflow(a, b, ret);
}

static inline bool kg_add_overflows(size_t a, size_t b, size_t *ret)
{
	return __builtin_add_overflow(a, b, ret);
}

/* The value of a hexadecimal digit, -1 for anything else. isxdigit() depends on the locale. */
static inline int kg_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Closes fd where it is one. Returns -1, to be stored in its place. */
static inline int kg_close(int fd)
{
	if (fd >= 0)
		close(fd);
	return -1;
}
