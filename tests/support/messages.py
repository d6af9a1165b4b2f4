"""Messages of MongoDB's wire protocol: header and, in OP_MSG, flags and sections."""

import struct

import bson

HEADER = struct.Struct("<iiii")  # length, request id, id of the request that it answers, kind
OP_MSG = 2013


async def read(reader):
    """One whole message."""
    header = await reader.readexactly(4)
    return header + await reader.readexactly(int.from_bytes(header, "little") - 4)


def body(message):
    """The bytes of the document of an OP_MSG that has nothing but one; None of any other message."""
    length, _, _, kind = HEADER.unpack_from(message)
    flags = int.from_bytes(message[16:20], "little")
    if kind != OP_MSG or flags & 1 or message[20] != 0:  # a checksum, or a document sequence
        return None
    document = message[21:]
    return document if len(document) == length - 21 == int.from_bytes(document[:4], "little") else None


def reply_document(message):
    """The document of an OP_MSG that has nothing but one."""
    return bson.decode(body(message))


def with_body(message, document):
    """The OP_MSG with other bytes as its document."""
    _, request, answered, kind = HEADER.unpack_from(message)
    return HEADER.pack(21 + len(document), request, answered, kind) + message[16:21] + document


def reply_to(message, document):
    """An OP_MSG that answers a request."""
    request = HEADER.unpack_from(message)[1]
    raw = bson.encode(document)
    return HEADER.pack(21 + len(raw), 1, request, OP_MSG) + struct.pack("<iB", 0, 0) + raw
