"""Waiting for a condition with a deadline; tests never sleep in the hope that something has happened."""

import time


def wait_for(condition, what, seconds=30.0, every=0.02):
    """Returns the first true value of `condition()`. `what` (text or function) says what did not come true."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what() if callable(what) else what}")
        time.sleep(every)
