/*
 * main() of a fuzz target without libFuzzer: runs every file of the corpus folders given as arguments, and every beginning
 * of each, through the target and prints TAP. Without arguments fuzz_NAME takes tests/fuzz/corpus/NAME.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/tap.h"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>

#define FILE_SIZE_MAX (1u << 20)	// a corpus is small: larger is a mistake
#define CUTS_MAX 512			// beginnings tried of one file, spread over its length

/* Each run gets a block of its own that ends where the bytes end, so that sanitizers and valgrind see a read too far. */
static void run_cut(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	if (size)
		memcpy(copy, bytes, size);
	LLVMFuzzerTestOneInput(size ? copy : copy + 1, size);
	free(copy);
}

static void run_file(const char *path)
{
	uint8_t *bytes = malloc(FILE_SIZE_MAX + 1);
	FILE *file = fopen(path, "rb");
	size_t size = 0, step;

	if (!bytes || !file) {
		ok(false, "%s can be read: %s", path, strerror(errno));
		goto out;
	}
	size = fread(bytes, 1, FILE_SIZE_MAX + 1, file);
	if (!ok(!ferror(file) && size <= FILE_SIZE_MAX, "%s is of a size for a corpus (%zu bytes)", path, size))
		goto out;
	note("runs %s", path);		// names the file where the target crashes
	step = size / CUTS_MAX + 1;
	for (size_t cut = 0; cut < size; cut += step)
		run_cut(bytes, cut);
	run_cut(bytes, size);
	ok(true, "%s and its beginnings are survived", path);
out:
	if (file)
		fclose(file);
	free(bytes);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void run_folder(const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_visible, alphasort);

	ok(count > 0, "%s is a folder with something in it", folder);
	for (int i = 0; i < count; i++) {
		char path[PATH_MAX];
		struct stat status;

		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
			run_file(path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

int main(int argc, char **argv)
{
	const char *source = getenv("top_srcdir"), *name = strrchr(argv[0], '/');
	char folder[PATH_MAX];

	for (int i = 1; i < argc; i++)
		run_folder(argv[i]);
	if (argc < 2) {
		name = name ? name + 1 : argv[0];
		if (strncmp(name, "fuzz_", 5) != 0) {
			fprintf(stderr, "usage: %s FOLDER...\n", argv[0]);
			return 2;
		}
		snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", source ? source : ".", name + 5);
		run_folder(folder);
	}
	return tap_end();
}
