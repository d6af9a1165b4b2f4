"""BSON by its bytes: nothing is decoded, so that no value changes on the way."""

_FIXED = {0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16, 0x7F: 0, 0xFF: 0}

DOUBLE, STRING, DOCUMENT, ARRAY, DATE = 0x01, 0x02, 0x03, 0x04, 0x09


def elements(document):
    """(type, name, bytes of the value) of each element."""
    at = 4
    while document[at]:
        name_end = document.index(b"\0", at + 1)
        value_end = name_end + 1 + _value_size(document, document[at], name_end + 1)
        yield document[at], document[at + 1:name_end], document[name_end + 1:value_end]
        at = value_end


def document(parts):
    """The document of such elements."""
    content = b"".join(bytes([kind]) + name + b"\0" + value for kind, name, value in parts)
    return (len(content) + 5).to_bytes(4, "little") + content + b"\0"


def string(text):
    """The bytes of a string's value."""
    return (len(text) + 1).to_bytes(4, "little") + text + b"\0"


def _value_size(raw, kind, at):
    if kind in _FIXED:
        return _FIXED[kind]
    length = int.from_bytes(raw[at:at + 4], "little")
    if kind in (0x02, 0x0D, 0x0E):
        return 4 + length
    if kind in (0x03, 0x04, 0x0F):
        return length
    if kind == 0x05:
        return 5 + length
    if kind == 0x0C:
        return 4 + length + 12
    if kind == 0x0B:
        options = raw.index(b"\0", at) + 1
        return raw.index(b"\0", options) + 1 - at
    raise AssertionError(f"unknown BSON type {kind:#x}")
