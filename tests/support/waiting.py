"""Waiting for a condition with a deadline; tests never sleep in the hope that something has happened."""

import time

# Of what should come at once: long, because a machine that builds beside the tests may stand still for seconds.
DEADLINE_S = 60.0

def wait_for(condition, what, seconds=DEADLINE_S, every=0.02):
    """Returns the first true value of `condition()`. `what` (text or function) says what did not come true."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what() if callable(what) else what}")
        time.sleep(every)
