"""Proxies that give a server the form of DocumentDB: its preview's change streams as they were measured, its hello."""

import datetime

from support import messages, raw
from support.proxy import Proxy

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class DocumentDbForm(Proxy):
    """Of the events of every stream that passes through:

    - `documentKey` is {"": <id>};
    - a replace shows as an update; there is no `updateDescription`;
    - `wallTime` is a string;
    - a stream gives no post-batch token before its first event, and the same one while it is idle.

    What it cannot give: the document as it was at the event's time.
    """

    def __init__(self, server_port):
        super().__init__(server_port)
        self.events = 0             # passed on
        self.tokens_held_back = 0   # replies that lost their post-batch token
        self._tokens = {}           # by cursor: the last event's token, as an element's (type, value)

    def _rewritten(self, message):
        reply = messages.body(super()._rewritten(message))
        if reply is None:
            return message
        parts = [(kind, name, self._cursor(value) if name == b"cursor" and kind == raw.DOCUMENT else value)
                 for kind, name, value in raw.elements(reply)]
        return messages.with_body(message, raw.document(parts))

    def _cursor(self, cursor):
        """A cursor of a change stream has a post-batch token; others stay as they are."""
        parts = {name: (kind, value) for kind, name, value in raw.elements(cursor)}
        if b"postBatchResumeToken" not in parts:
            return cursor
        batch = b"firstBatch" if b"firstBatch" in parts else b"nextBatch"
        cursor_id = parts[b"id"][1]
        events = [(kind, name, self._event(value, cursor_id)) for kind, name, value in raw.elements(parts[batch][1])]
        parts[batch] = (raw.ARRAY, raw.document(events))
        self.events += len(events)
        token = self._tokens.get(cursor_id)
        if token:
            parts[b"postBatchResumeToken"] = token
        else:
            del parts[b"postBatchResumeToken"]
            self.tokens_held_back += 1
        return raw.document((kind, name, value) for name, (kind, value) in parts.items())

    def _event(self, event, cursor_id):
        parts = []
        for kind, name, value in raw.elements(event):
            if name == b"_id":
                self._tokens[cursor_id] = (kind, value)
            if name == b"updateDescription":
                continue
            if name == b"operationType" and value == raw.string(b"replace"):
                value = raw.string(b"update")
            elif name == b"documentKey":
                value = raw.document((key, b"", identifier) for key, _, identifier in raw.elements(value))
            elif name == b"wallTime" and kind == raw.DATE:
                kind, value = raw.STRING, raw.string(_iso8601(value))
            parts.append((kind, name, value))
        return raw.document(parts)


class OtherHello(Proxy):
    """A proxy of a server that says of itself what `version` and `ahead_ms` say."""

    def __init__(self, server_port):
        super().__init__(server_port)
        self.version = None  # of open DocumentDB, b"0.107-0"
        self.ahead_ms = 0    # its clock

    def _rewritten(self, message):
        message = super()._rewritten(message)
        reply = messages.body(message)
        if reply is None or b"maxBsonObjectSize\0" not in reply:
            return message
        parts = [(kind, name, self._time(value) if name == b"localTime" else value)
                 for kind, name, value in raw.elements(reply)]
        if self.version:
            versions = raw.document([(raw.STRING, b"documentdb_versions", raw.string(self.version))])
            parts.append((raw.DOCUMENT, b"internal", versions))
        return messages.with_body(message, raw.document(parts))

    def _time(self, date):
        return (int.from_bytes(date, "little", signed=True) + self.ahead_ms).to_bytes(8, "little", signed=True)


def _iso8601(date):
    time = _EPOCH + datetime.timedelta(milliseconds=int.from_bytes(date, "little", signed=True))
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()
