/* kagamid: listener, monitor and broker. Reads neither RDP nor what desktops show. */
#include "base/log.h"
#include "base/loop.h"
#include "server/broker/broker.h"
#include "server/broker/flags.h"

#include <fcntl.h>
#include <sys/prctl.h>

/*
 * Descriptors 0 to 2 are taken, by /dev/null where they were closed: no client's socket becomes standard error, nor does what
 * a child gets in their place. And nobody reads key and accounts out of this process's memory: where kagamid is not root its
 * sessions and desktops have the same user.
 */
static int protect(void)
{
	int fd;

	do
		fd = KG_SYS(open("/dev/null", O_RDWR | O_CLOEXEC));
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return kg_err(fd, "cannot open /dev/null");
	close(fd);
#ifndef KG_SANITIZED	// whose search for leaks traces the process
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return kg_err(-errno, "cannot protect the memory");
#endif
	return 0;
}

int main(int argc, char **argv)
{
	struct kg_config config;
	struct kg_broker broker = { 0 };
	struct kg_loop *loop = NULL;
	int r;

	kg_log_init("kagamid", KG_LOG_INFO);
	kg_config_init(&config);
	r = kg_flags_parse(&config, argc, argv);
	if (r != 0) {
		kg_config_done(&config);
		return r < 0 ? 2 : 0;
	}
	kg_log_init("kagamid", config.log_level);
	r = protect();
	if (r == 0)
		r = kg_loop_new(&loop);
	if (r == 0)
		r = kg_broker_init(&broker, loop, &config);
	if (r == 0)
		r = kg_loop_run(loop);
	kg_broker_done(&broker);
	kg_loop_free(loop);
	kg_config_done(&config);
	return r < 0;
}
