/*
 * What the hostile programs share: packets that no channel would send, and commands from the test.
 *
 * A packet goes out as it is, with any number of descriptors, whatever the tables say.
 */
#pragma once

#include "base/base.h"

#define WIRE_PACKET_MAX 70000

/* Sends one packet with count copies of descriptor passed. Without descriptors it is send(), which a locked session may
 * call. Waits while the socket is full. Returns 0 or a negative errno. */
int wire_send(int fd, const void *bytes, size_t size, int passed, unsigned count);

/* The next packet within timeout_ms: its size, 0 at the end, -ETIMEDOUT or another negative errno. A descriptor that comes
 * along goes to *passed (-1: none); more are closed. */
ssize_t wire_receive(int fd, void *to, size_t size, int *passed, int timeout_ms);

/* Hexadecimal digits to bytes, in place of at most size; returns how many. */
size_t wire_unhex(const char *hex, uint8_t *to, size_t size);
