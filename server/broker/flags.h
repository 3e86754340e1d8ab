/* The command line of kagamid. */
#pragma once

struct kg_config;

/* Reads flags into config, a file named by --config first. Returns 0 to go on, 1 when --help or --version was answered, or a
 * negative errno after saying what is wrong. */
int kg_flags_parse(struct kg_config *config, int argc, char **argv);
