"""A source and a target, with a client each."""

from support.compare import wait_equal
from support.waiting import DEADLINE_S


class Pair:
    def __init__(self, source, target):
        self.source_server, self.target_server = source, target
        self.source, self.target = source.client(), target.client()

    def wait_equal(self, names, seconds=DEADLINE_S):
        wait_equal(self.source, self.target, names, seconds)
