/* Small files that hold secrets or are replaced while others read them: read as a whole, written as a whole or not at all. */
#pragma once

#include "base/base.h"

#include <sys/stat.h>
#include <sys/types.h>

/*
 * The whole file, with an end behind it, in memory that the caller wipes and frees; at most max bytes (-EFBIG). ret_st: what the
 * file was like when it was read.
 */
int kg_file_read(const char *path, size_t max, char **ret, size_t *ret_size, struct stat *ret_st);

/* Puts a new file in the place of path. Nobody sees half of it, what was there stays when it fails,
 * and it belongs to whom the old one, or its directory, belongs. */
int kg_file_replace(const char *path, mode_t mode, const void *bytes, size_t size);
