"""TAP for the tests in Python, as tap.h is for those in C; and waiting with a deadline."""
import os
import sys
import time

count = failed = 0


def ok(right, text):
    global count, failed
    count += 1
    failed += not right
    print("%sok %d - %s" % ("" if right else "not ", count, text), flush=True)
    return bool(right)


def skip(text):
    global count
    count += 1
    print("ok %d # SKIP %s" % (count, text), flush=True)


def note(text):
    for line in str(text).splitlines():
        print("# " + line, flush=True)


def seed():
    """For random numbers, always the same unless SEED says another, or new."""
    text = os.environ.get("SEED", "20261124")
    value = time.time_ns() if text == "new" else int(text, 0)
    note("SEED=%d" % value)
    return value


def done():
    """The end of a test program: prints the plan and exits."""
    print("1..%d" % count, flush=True)
    sys.exit(1 if failed else 0)


def wait_until(condition, seconds=10, every=0.01):
    """What condition() gives once it is true, or the last thing it gave when the seconds are over."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(every)
