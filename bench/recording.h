/* Records a desktop that was opened: every picture that it gives, into a .kgw file, until it ends or is told to. */
#pragma once

#include "base/base.h"

struct kg_loop;
struct kg_recording;
struct kg_source;

struct kg_recording_options {
	double seconds;			// 0: until the desktop ends, or kg_recording_stop()
	uint32_t fps;			// at most so many pictures a second; 0: all
	bool quiet;			// no progress on standard error
};

/* The source, the loop and fd, which is open for writing and empty, stay the caller's. The end quits the loop. */
int kg_recording_new(struct kg_recording **ret, struct kg_loop *loop, struct kg_source *source, int fd,
		     const struct kg_recording_options *options);
void kg_recording_free(struct kg_recording *recording);		// NULL is fine

int kg_recording_start(struct kg_recording *recording);
void kg_recording_stop(struct kg_recording *recording);

/* Once the loop has ended: makes the file whole. 0 and how much it is, or a negative errno; why is one line for the user. */
int kg_recording_finish(struct kg_recording *recording, uint32_t *ret_frames, double *ret_seconds, const char **ret_why);
