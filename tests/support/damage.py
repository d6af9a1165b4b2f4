"""A proxy through which replies arrive damaged: what a server, or something between, says wrongly."""

import bson

from support import messages
from support.proxy import Proxy


class Damaging(Proxy):
    """Of the replies that pass through, chosen ones are changed; all others stay as they are, byte for byte."""

    def __init__(self, server_port):
        super().__init__(server_port)
        self._damages = []  # [which reply, what becomes of it, how many more]

    def damage(self, which, change, times=1):
        """The next so many replies of which `which(document)` is true arrive as `change(document)`: a document, or
        the bytes of one. `change` may raise `lost`."""
        self._damages.append([which, change, times])

    def repair(self):
        """From now on replies stay as they are."""
        self._damages = []

    @property
    def damaging(self):
        """Not all of the damage is done yet."""
        return any(left for _, _, left in self._damages)

    def _rewritten(self, message):
        message = super()._rewritten(message)
        body = messages.body(message) if self.damaging else None
        if body is None:
            return message
        document = bson.decode(body)
        for damage in self._damages:
            which, change, left = damage
            if left and which(document):
                damage[2] -= 1
                changed = change(document)
                return messages.with_body(message, changed if isinstance(changed, bytes) else bson.encode(changed))
        return message


def lost(_):
    """As a change: the connection breaks instead."""
    raise ConnectionResetError


def batch_name(reply):
    return "nextBatch" if "nextBatch" in reply["cursor"] else "firstBatch"


def batch(reply):
    """The documents of a reply with a cursor, [] of any other."""
    return reply["cursor"][batch_name(reply)] if "cursor" in reply else []


def without(*names):
    """As a change: without these fields of the cursor."""
    return lambda reply: {**reply, "cursor": {k: v for k, v in reply["cursor"].items() if k not in names}}


def without_batch(reply):
    return without(batch_name(reply))(reply)


def with_cursor(**fields):
    """As a change: with these fields in the cursor; `batch` is its firstBatch or nextBatch, or what is made of it."""
    def change(reply):
        cursor = {**reply["cursor"], **{k: v for k, v in fields.items() if k != "batch"}}
        if "batch" in fields:
            made = fields["batch"]
            cursor[batch_name(reply)] = made(batch(reply)) if callable(made) else made
        return {**reply, "cursor": cursor}
    return change
