/* FreeRDP gets no thread in a session. That it asks for none in another way: tests/test_session.c, "it has one thread". */
#include "tests/tap.h"

#include <winpr/handle.h>
#include <winpr/synch.h>
#include <winpr/thread.h>

static bool ran;

static DWORD WINAPI run(LPVOID parameter)
{
	ran = true;
	return 0;
}

int main(void)
{
	HANDLE thread = CreateThread(NULL, 0, run, NULL, 0, NULL);

	ok(thread, "who wants a thread gets a handle");
	ok(WaitForSingleObject(thread, 0) == WAIT_OBJECT_0 && WaitForSingleObject(thread, 0) == WAIT_OBJECT_0,
	   "of one that has ended");
	ok(CloseHandle(thread) && !ran, "and that never ran");
	return tap_end();
}
