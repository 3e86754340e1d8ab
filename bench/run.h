/* One measurement with one client: how it is done, and what it found. */
#pragma once

#include "bench/client/tally.h"
#include "bench/congestion.h"
#include "bench/keys.h"
#include "bench/link-net.h"
#include "bench/meter.h"
#include "bench/record.h"
#include "bench/settle.h"

struct kg_run_options {
	const char *target;		// HOST:PORT, NULL: a kagamid of our own
	const char *user, *password;
	const char *kagamid;		// its program, NULL: the one of this build or installation
	const char *server_log;		// where its log goes, or NULL
	bool x11_player;		// plays the workload on $DISPLAY
	const char *desktop;		// for our own: what its --desktop is; NULL: replay with the workload
	const char *workload;
	uint32_t seed;
	const char *fps;		// "", or as replay understands it
	const char *size;		// WIDTHxHEIGHT
	uint32_t width, height;
	double seconds, warm_up_s;
	const char *link;		// its name or form, NULL: none, that is loopback for our own server
	struct kg_link_spec link_spec;
	const char *json;		// file, "-": standard output; NULL: none
	bool decode, threads, legacy, keys, quiet;
	uint32_t ack_delay_ms;
	const char *server_processes;	// groups of bench/meter.h, or NULL
	const char *drawing_processes;
};

/* Processor and memory of a group of processes. */
struct kg_run_cost {
	bool known;
	double cores;
	uint64_t private_bytes;		// at the end
	uint32_t processes;
};

struct kg_run_results {
	const struct kg_run_options *options;
	char congestion[KG_CONGESTION_MAX];		// TCP's, of this end
	char server_congestion[KG_CONGESTION_MAX];	// "": not known
	struct kg_link_carried link[KG_LINK_ENDS];	// with options->link, in the measured span
	double connect_ms, first_ms;	// from the beginning of the TCP connection to log-on, and to the first frame
	struct kg_record record;
	struct kg_record_figures figures;
	struct kg_tally tally;		// of the measured span
	uint64_t wire_bytes;		// that TCP brought
	struct kg_keys keys;
	struct kg_settle settle;
	struct kg_settle_quality moving, still;
	double draw_ms;			// what drawing a frame costs, NAN: not known
	struct kg_run_cost server, drawing, client;
};

/* Measures. Returns 0, or a negative errno after the reason was printed; in both cases *ret is to be given back. */
int kg_run(struct kg_run_results *ret, const struct kg_run_options *options);
void kg_run_done(struct kg_run_results *results);

void kg_run_print(struct kg_run_results *results);			// a table on standard output
int kg_run_write_json(struct kg_run_results *results, const char *path);	// as doc/bench.md says
