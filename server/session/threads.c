/*
 * A session has one thread: FreeRDP from 3.16 on starts one for timers that nobody here uses. Landlock would not hold it, and the
 * filter kills the session when it ends.
 */
#include <winpr/synch.h>
#include <winpr/thread.h>

/* The program's functions come before a library's. FreeRDP waits for the end of its thread: what it gets has ended already. */
__attribute__((visibility("default"))) HANDLE CreateThread(LPSECURITY_ATTRIBUTES attributes, size_t stack_size,
							    LPTHREAD_START_ROUTINE start, LPVOID parameter, DWORD flags,
							    LPDWORD ret_id)
{
	return CreateEventA(NULL, TRUE, TRUE, NULL);
}
