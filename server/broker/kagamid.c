/* kagamid: listener, monitor and broker. Reads neither RDP nor what desktops show. */
#include "base/log.h"
#include "base/loop.h"
#include "server/broker/broker.h"
#include "server/broker/flags.h"

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
