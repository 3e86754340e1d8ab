/* Locks the calling process, layer by layer. What each program lets through is in the rules that it passes. */
#define KG_TOPIC "sandbox"
#include "base/sandbox.h"

#include "base/log.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/*
 * A sanitizer's runtime starts a thread to look for leaks and reads /proc for it, maps terabytes, and calls what it needs in
 * a report. A build with one therefore goes without RLIMIT_AS, RLIMIT_NPROC and the filter, and may read /proc.
 */
#ifdef KG_SANITIZED
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* ---- limits ---- */

static int limit(int resource, rlim_t value)
{
	struct rlimit limit = { .rlim_cur = value, .rlim_max = value };
	struct rlimit now;

	/* What is lower already stays: only root can raise a hard limit. */
	if (getrlimit(resource, &now) == 0 && now.rlim_max < value)
		limit.rlim_cur = limit.rlim_max = now.rlim_max;
	return KG_SYS(setrlimit(resource, &limit));
}

static int enter_limits(const struct kg_sandbox *sandbox)
{
	int r = limit(RLIMIT_CORE, 0);

	if (r >= 0 && sandbox->memory_max && !SANITIZED)
		r = limit(RLIMIT_AS, sandbox->memory_max);
	if (r >= 0 && sandbox->files_max)
		r = limit(RLIMIT_NOFILE, sandbox->files_max);
	if (r >= 0 && sandbox->no_processes && !SANITIZED)
		r = limit(RLIMIT_NPROC, 0);
	return r < 0 ? r : KG_LAYER_LIMITS;
}

/* ---- user ---- */

/*
 * The bounding set needs a capability to be emptied, so it goes before the user does. Where it cannot be emptied (a
 * container that took the capability away) it does not matter: no-new-privileges lets no exec gain anything.
 */
static void drop_bounding_set(void)
{
	for (int capability = 0; capability < 64; capability++) {
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			return;
	}
}

static int enter_user(const struct kg_sandbox *sandbox)
{
	if (geteuid() == 0)
		drop_bounding_set();
	if (sandbox->uid == (uid_t)-1)
		return 0;
	if (geteuid() != 0)
		return geteuid() == sandbox->uid ? KG_LAYER_USER : -EPERM;
	if (setgroups(0, NULL) < 0 || setresgid(sandbox->gid, sandbox->gid, sandbox->gid) < 0 ||
	    setresuid(sandbox->uid, sandbox->uid, sandbox->uid) < 0)
		return -errno;
	/* There must be no way back. */
	if (sandbox->uid != 0 && (setresuid(0, 0, 0) == 0 || geteuid() == 0))
		return -ENOTRECOVERABLE;
	return KG_LAYER_USER;
}

/* ---- privileges ---- */

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return KG_SYS(syscall(SYS_capset, &header, none));
}

/*
 * We end with our parent, whatever we are blocked in. After the change of user, which clears this. A parent that ended
 * before it was set sends nothing; one that ended before kg_sandbox_enter() shows by a closed channel.
 */
static int end_with_parent(pid_t parent)
{
	int r = KG_SYS(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));

	return r >= 0 && getppid() != parent ? -ESRCH : r;
}

static int enter_privileges(pid_t parent)
{
	int r = drop_capabilities();

	if (r >= 0)
		r = KG_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	if (r >= 0)
		r = KG_SYS(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	if (r >= 0)
		r = end_with_parent(parent);
	return r < 0 ? r : KG_LAYER_PRIVILEGES;
}

/* ---- Landlock: Debian 12's header knows ABI 2; the structs and numbers up to ABI 7 are here ---- */

struct landlock_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;	// ABI 4
	uint64_t scoped;		// ABI 6
};

#define FS_ABI_1 ((1ull << 13) - 1)	// execute to make_sym
#define FS_REFER (1ull << 13)		// ABI 2
#define FS_TRUNCATE (1ull << 14)	// ABI 3
#define FS_IOCTL_DEV (1ull << 15)	// ABI 5
#define NET_BIND_TCP (1ull << 0)
#define NET_CONNECT_TCP (1ull << 1)
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ull << 0)
#define SCOPE_SIGNAL (1ull << 1)

/* Everything that this kernel can refuse. Returns the size of the struct that it knows. */
static size_t landlock_all(int abi, struct landlock_attr *ret)
{
	struct landlock_attr attr = { .handled_access_fs = FS_ABI_1 };
	size_t size = sizeof(attr.handled_access_fs);

	if (abi >= 2)
		attr.handled_access_fs |= FS_REFER;
	if (abi >= 3)
		attr.handled_access_fs |= FS_TRUNCATE;
	if (abi >= 4) {
		attr.handled_access_net = NET_BIND_TCP | NET_CONNECT_TCP;
		size = offsetof(struct landlock_attr, scoped);
	}
	if (abi >= 5)
		attr.handled_access_fs |= FS_IOCTL_DEV;
	if (abi >= 6) {
		attr.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
		size = sizeof(attr);
	}
	*ret = attr;
	return size;
}

static int landlock_allow_reading(int ruleset, const char *path)
{
	struct landlock_path_beneath_attr beneath = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	};
	int fd, r;

	r = fd = KG_SYS(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
	if (r < 0)
		return r;
	beneath.parent_fd = fd;
	r = KG_SYS(syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0));
	close(fd);
	return r;
}

/* Where drivers find their parts and the kernel's tables. Not all of /: kagamid's keys may belong to the same user. */
static int landlock_allow_system(int ruleset)
{
	static const char *const places[] = { "/usr", "/lib", "/lib64", "/opt", "/sys", "/proc", "/dev" };
	int r = 0;

	for (size_t i = 0; i < KG_ARRAY_SIZE(places) && r >= 0; i++) {
		r = landlock_allow_reading(ruleset, places[i]);
		if (r == -ENOENT || r == -ENOTDIR)
			r = 0;
	}
	return r;
}

static int enter_landlock(const struct kg_sandbox *sandbox)
{
	struct landlock_attr attr;
	int abi, fd, r;

	abi = KG_SYS(syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION));
	if (abi < 0)		// ENOSYS: not built in, EOPNOTSUPP: switched off at boot
		return abi == -ENOSYS ? -EOPNOTSUPP : abi;
	size_t size = landlock_all(abi, &attr);

	r = fd = KG_SYS(syscall(SYS_landlock_create_ruleset, &attr, size, 0));
	if (r < 0)
		return r;
	if (sandbox->landlock_read)
		r = landlock_allow_system(fd);
	else if (SANITIZED)
		r = landlock_allow_reading(fd, "/proc");
	if (r >= 0)
		r = KG_SYS(syscall(SYS_landlock_restrict_self, fd, 0));
	close(fd);
	return r < 0 ? r : KG_LAYER_LANDLOCK;
}

/* ---- seccomp ---- */

static int compare_of(const struct kg_rule_test *test, struct scmp_arg_cmp *ret)
{
	if (test->argument > 5 || (test->value & ~test->mask))
		return -EINVAL;
	*ret = test->mask == UINT64_MAX ? SCMP_CMP64(test->argument, SCMP_CMP_EQ, test->value)
					: SCMP_CMP64(test->argument, SCMP_CMP_MASKED_EQ, test->mask, test->value);
	return 0;
}

static uint32_t action_of(const struct kg_rule *rule)
{
	switch (rule->action) {
	case KG_RULE_ALLOW:
		return SCMP_ACT_ALLOW;
	case KG_RULE_UNKNOWN:
		return SCMP_ACT_ERRNO(ENOSYS);
	default:
		return SCMP_ACT_ERRNO(EACCES);
	}
}

static int add_rule(scmp_filter_ctx context, const struct kg_rule *rule)
{
	struct scmp_arg_cmp compares[KG_ARRAY_SIZE(rule->tests)];
	unsigned count = 0;
	int number = seccomp_syscall_resolve_name(rule->call);

	if (number < 0)		// not a system call of this machine (a name of another has a negative number)
		return 0;
	for (size_t i = 0; i < KG_ARRAY_SIZE(rule->tests); i++) {
		int r;

		if (!rule->tests[i].used)
			continue;
		r = compare_of(&rule->tests[i], &compares[count++]);
		if (r < 0)
			return r;
	}
	return seccomp_rule_add_array(context, action_of(rule), number, count, compares);
}

static bool has_tests(const struct kg_rule *rule)
{
	return rule->tests[0].used || rule->tests[1].used || rule->tests[2].used;
}

/*
 * In libseccomp a rule without tests swallows all others of its call, with their actions, whatever their order. To write
 * both is a mistake that would not be seen: it is refused.
 */
static bool is_swallowed(const struct kg_rule *rule, const struct kg_rule *others)
{
	for (; others && others->action != KG_RULE_END; others++) {
		if (!strcmp(rule->call, others->call) &&
		    (has_tests(rule) != has_tests(others) || (!has_tests(rule) && rule->action != others->action)))
			return true;
	}
	return false;
}

static int add_rules(scmp_filter_ctx context, const struct kg_rule *rules, const struct kg_rule *other_rules)
{
	for (const struct kg_rule *rule = rules; rule && rule->action != KG_RULE_END; rule++) {
		int r = is_swallowed(rule, rules) || is_swallowed(rule, other_rules) ? -EINVAL : add_rule(context, rule);

		if (r < 0)
			return kg_err(r, "cannot use rule %td, for %s", rule - rules, rule->call);
	}
	return 0;
}

/* For development: says what the filter did not let through, then ends. It allocates nothing: malloc may be the caller. */
static void on_trap(int signal, siginfo_t *info, void *data)
{
	const ucontext_t *context = data;
	char text[256];
	int size;

#if defined(__x86_64__)
	const greg_t *r = context->uc_mcontext.gregs;

	size = snprintf(text, sizeof(text), "sandbox: system call %d (0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx)\n",
			info->si_syscall, r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8], r[REG_R9]);
#elif defined(__aarch64__)
	const unsigned long long *r = context->uc_mcontext.regs;

	size = snprintf(text, sizeof(text), "sandbox: system call %d (0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx)\n",
			info->si_syscall, r[0], r[1], r[2], r[3], r[4], r[5]);
#else
	(void)context;
	size = snprintf(text, sizeof(text), "sandbox: system call %d\n", info->si_syscall);
#endif
	if (write(STDERR_FILENO, text, (size_t)size) < 0)
		_exit(128 + SIGSYS);
	_exit(128 + SIGSYS);
}

static uint32_t default_action(void)
{
	const char *trap = getenv("KG_SANDBOX_TRAP");
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };

	if (!trap || strcmp(trap, "1"))
		return SCMP_ACT_KILL_PROCESS;
	return sigaction(SIGSYS, &action, NULL) < 0 ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_TRAP;
}

static int load_filter(const struct kg_rule *rules, const struct kg_rule *more)
{
	uint32_t action = default_action();
	scmp_filter_ctx context = seccomp_init(action);
	int r;

	if (!context)
		return -ENOMEM;
	r = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, action);
	if (r >= 0)
		r = seccomp_attr_set(context, SCMP_FLTATR_CTL_TSYNC, 1);
	if (r >= 0)	// is set already; asking again would be a call more that a narrower filter needs allowed
		r = seccomp_attr_set(context, SCMP_FLTATR_CTL_NNP, 0);
	if (r >= 0)
		r = seccomp_attr_set(context, SCMP_FLTATR_API_SYSRAWRC, 1);
	if (r >= 0)
		r = add_rules(context, rules, more);
	if (r >= 0)
		r = add_rules(context, more, rules);
	if (r >= 0)
		r = seccomp_load(context);
	seccomp_release(context);
	return KG_MIN(r, 0);
}

static int enter_seccomp(const struct kg_sandbox *sandbox)
{
	uint32_t action = SCMP_ACT_KILL_PROCESS;
	int r;

	if (!sandbox->rules || SANITIZED)
		return 0;
	r = KG_SYS(syscall(SYS_seccomp, 2 /* SECCOMP_GET_ACTION_AVAIL */, 0, &action));
	if (r == -ENOSYS || r == -EINVAL)
		return -EOPNOTSUPP;
	if (r >= 0)
		r = load_filter(sandbox->rules, sandbox->more);
	return r < 0 ? r : KG_LAYER_SECCOMP;
}

/* ---- all of it ---- */

/* Adds the layer that an enter_ function gave, or forgives its error where that is wanted. */
static int take_layer(const struct kg_sandbox *sandbox, int r, int *layers)
{
	bool lacking = r == -EOPNOTSUPP || r == -EPERM;

	if (r < 0)
		return lacking && sandbox->mode == KG_SANDBOX_BEST ? 0 : r;
	*layers |= r;
	return 0;
}

/* No lock, but no root either. */
static int enter_off(const struct kg_sandbox *sandbox, pid_t parent, const char **what)
{
	int r, layers;

	if (geteuid() != 0 || sandbox->uid == (uid_t)-1)
		return 0;
	*what = "user";
	r = layers = enter_user(sandbox);
	if (r >= 0)
		r = end_with_parent(parent);
	return r < 0 ? r : layers;
}

int kg_sandbox_enter(const struct kg_sandbox *sandbox, const char **what)
{
	pid_t parent = getppid();
	int layers = 0, r;

	if (sandbox->mode == KG_SANDBOX_OFF)
		return enter_off(sandbox, parent, what);
	*what = "limits";
	r = take_layer(sandbox, enter_limits(sandbox), &layers);
	if (r < 0)
		return r;
	*what = "user";
	r = take_layer(sandbox, enter_user(sandbox), &layers);
	if (r < 0)
		return r;
	*what = "privileges";
	r = take_layer(sandbox, enter_privileges(parent), &layers);
	if (r < 0)
		return r;
	*what = "landlock";
	r = take_layer(sandbox, enter_landlock(sandbox), &layers);
	if (r < 0)
		return r;
	*what = "seccomp";
	r = take_layer(sandbox, enter_seccomp(sandbox), &layers);
	if (r < 0)
		return r;
	*what = NULL;
	return layers;
}

int kg_sandbox_narrow(const struct kg_rule *rules)
{
	return SANITIZED ? 0 : load_filter(rules, NULL);
}

const char *kg_sandbox_layers_text(int layers, char text[64])
{
	static const char *const names[] = { "limits", "user", "privileges", "landlock", "seccomp" };
	char *at = text;

	*at = 0;
	for (size_t i = 0; i < KG_ARRAY_SIZE(names); i++) {
		if (layers & (1 << i)) {
			if (at != text)
				*at++ = ' ';
			at = stpcpy(at, names[i]);
		}
	}
	return text;
}

static const char *const mode_names[] = {
	[KG_SANDBOX_BEST] = "best", [KG_SANDBOX_REQUIRE] = "require", [KG_SANDBOX_OFF] = "off",
};

const char *kg_sandbox_mode_text(enum kg_sandbox_mode mode)
{
	return mode_names[mode];
}

bool kg_sandbox_mode_parse(const char *name, enum kg_sandbox_mode *ret)
{
	for (size_t i = 0; i < KG_ARRAY_SIZE(mode_names); i++) {
		if (!strcmp(name, mode_names[i])) {
			*ret = (enum kg_sandbox_mode)i;
			return true;
		}
	}
	return false;
}

int kg_sandbox_user(const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
	struct passwd entry, *found;
	char buffer[4096];	// an entry that is longer is not one of a service user
	int r = getpwnam_r(name, &entry, buffer, sizeof(buffer), &found);

	if (!found)
		return r ? -r : -ENOENT;
	*ret_uid = entry.pw_uid;
	*ret_gid = entry.pw_gid;
	return 0;
}
