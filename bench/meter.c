/* The cost of processes, from /proc. */
#include "bench/meter.h"

#include "base/loop.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>

#define NAME_LETTERS 15			// TASK_COMM_LEN without its end

struct process {
	int pid, parent;
	char name[NAME_LETTERS + 1];
	uint64_t own_ticks, reaped_ticks;	// its own, and of the children it has waited for
	bool counted;
};

struct processes {
	struct process *all;
	size_t count, room;
};

/* ---- /proc ---- */

/* proc(5): the name is in parentheses and may hold any character; after it the state is field 3. */
static bool read_process(int pid, struct process *ret)
{
	char path[64], text[1024], *begin, *end;
	unsigned long long user, system, reaped_user, reaped_system;
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[length] = 0;
	begin = strchr(text, '(');
	end = strrchr(text, ')');
	if (!begin || !end || end < begin)
		return false;
	*ret = (struct process){ .pid = pid };
	*end = 0;
	snprintf(ret->name, sizeof(ret->name), "%.*s", NAME_LETTERS, begin + 1);
	if (sscanf(end + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu", &ret->parent, &user,
		   &system,
		   &reaped_user, &reaped_system) != 5)
		return false;
	ret->own_ticks = user + system;
	ret->reaped_ticks = reaped_user + reaped_system;
	return true;
}

static int read_processes(struct processes *processes)
{
	DIR *directory = opendir("/proc");
	struct dirent *entry;

	if (!directory)
		return -errno;
	while ((entry = readdir(directory))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (processes->count == processes->room) {
			size_t room = processes->room ? processes->room * 2 : 256;
			struct process *all = reallocarray(processes->all, room, sizeof(*all));

			if (!all) {
				closedir(directory);
				return -ENOMEM;
			}
			processes->all = all;
			processes->room = room;
		}
		if (read_process(atoi(entry->d_name), &processes->all[processes->count]))
			processes->count++;
	}
	closedir(directory);
	return 0;
}

static uint64_t private_bytes(int pid)
{
	char path[64], line[256];
	unsigned long long kilobytes, sum = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Private_%*[^:]: %llu", &kilobytes) == 1 ||
		    sscanf(line, "Swap: %llu", &kilobytes) == 1)
			sum += kilobytes;
	fclose(file);
	return sum * 1024;
}

/* ---- groups ---- */

static void count(struct process *process, bool with_reaped, struct kg_meter_reading *reading)
{
	uint64_t ticks = process->own_ticks + (with_reaped ? process->reaped_ticks : 0);

	if (process->counted)
		return;
	process->counted = true;
	reading->processes++;
	reading->cpu_us += ticks * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
	reading->private_bytes += private_bytes(process->pid);
}

static void count_tree(struct processes *processes, int pid, struct kg_meter_reading *reading)
{
	for (size_t i = 0; i < processes->count; i++) {
		struct process *process = &processes->all[i];

		if (process->counted || (process->pid != pid && process->parent != pid))
			continue;
		if (process->pid == pid)
			count(process, true, reading);
		else
			count_tree(processes, process->pid, reading);
	}
}

static void count_name(struct processes *processes, const char *name, struct kg_meter_reading *reading)
{
	for (size_t i = 0; i < processes->count; i++)
		if (!strncmp(processes->all[i].name, name, NAME_LETTERS))
			count(&processes->all[i], false, reading);
}

static int count_cgroup(struct processes *processes, const char *folder, struct kg_meter_reading *reading)
{
	char path[4096];
	FILE *file;
	int pid;

	if ((size_t)snprintf(path, sizeof(path), "%s/cgroup.procs", folder) >= sizeof(path))
		return -ENAMETOOLONG;
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (fscanf(file, "%d", &pid) == 1)
		for (size_t i = 0; i < processes->count; i++)
			if (processes->all[i].pid == pid)
				count(&processes->all[i], false, reading);
	fclose(file);
	return 0;
}

int kg_meter_read(const char *group, struct kg_meter_reading *ret)
{
	struct kg_meter_reading reading = { .at_us = kg_now_us() };
	struct processes processes = { 0 };
	char *words = strdup(group), *rest = words, *word;
	int r = words ? read_processes(&processes) : -ENOMEM;

	while (r >= 0 && (word = strsep(&rest, ","))) {
		if (word[0] == '/')
			r = count_cgroup(&processes, word, &reading);
		else if (isdigit((unsigned char)word[0]))
			count_tree(&processes, atoi(word), &reading);
		else if (word[0])
			count_name(&processes, word, &reading);
	}
	if (r >= 0 && !reading.processes)
		r = -ESRCH;
	if (r >= 0)
		*ret = reading;
	free(words);
	free(processes.all);
	return r < 0 ? r : 0;
}

int kg_meter_read_self(struct kg_meter_reading *ret)
{
	struct kg_meter_reading reading = { .at_us = kg_now_us() };
	struct process self;

	if (!read_process(getpid(), &self))
		return -ESRCH;
	count(&self, false, &reading);
	*ret = reading;
	return 0;
}
