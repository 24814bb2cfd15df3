# Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
"""Random BSON values of every type that can be encrypted, as the bytes of documents {"v": value}."""

import struct


def _text(random):
    pieces = ["a", "Z", "0", " ", "é", "ß", "中", "🙂", "\n", "\\"]
    return "".join(random.choice(pieces) for _ in range(random.randrange(60))).encode()


def _string(text):
    return struct.pack("<i", len(text) + 1) + text + b"\0"


def _bytes(random, limit=80):
    return random.randbytes(random.randrange(limit))


def _element(type, key, value):
    return bytes([type]) + key.encode() + b"\0" + value


def _document(*elements):
    body = b"".join(elements) + b"\0"
    return struct.pack("<i", 4 + len(body)) + body


def _binary(random):
    subtype = random.choice([0, 1, 2, 3, 4, 5, 7, 8, 128, 255])
    data = random.randbytes(16) if subtype in (3, 4, 5) else _bytes(random)
    if subtype == 2:
        data = struct.pack("<i", len(data)) + data
    return struct.pack("<iB", len(data), subtype) + data


def _nested(random):
    return _document(
        _element(0x02, "text", _string(_text(random))),
        _element(0x03, "deep", _document(_element(0x12, "n", random.randbytes(8)))),
        _element(0x0A, "nothing", b""),
    )


def _array(random):
    return _document(
        _element(0x02, "0", _string(_text(random))), _element(0x10, "1", random.randbytes(4))
    )


def _code_with_scope(random):
    body = _string(_text(random)) + _nested(random)
    return struct.pack("<i", 4 + len(body)) + body


def _fixed(size):
    return lambda random: random.randbytes(size)


TYPES = {
    "double": (0x01, _fixed(8)),
    "string": (0x02, lambda random: _string(_text(random))),
    "object": (0x03, _nested),
    "array": (0x04, _array),
    "binData": (0x05, _binary),
    "objectId": (0x07, _fixed(12)),
    "bool": (0x08, lambda random: bytes([random.randrange(2)])),
    "date": (0x09, _fixed(8)),
    "regex": (0x0B, lambda random: _text(random) + b"\0" + random.choice([b"", b"i", b"imx"]) + b"\0"),
    "dbPointer": (0x0C, lambda random: _string(_text(random)) + random.randbytes(12)),
    "javascript": (0x0D, lambda random: _string(_text(random))),
    "symbol": (0x0E, lambda random: _string(_text(random))),
    "javascriptWithScope": (0x0F, _code_with_scope),
    "int": (0x10, _fixed(4)),
    "timestamp": (0x11, _fixed(8)),
    "long": (0x12, _fixed(8)),
    "decimal": (0x13, _fixed(16)),
}

NOT_FOR_EQUALITY = {"double", "object", "array", "javascriptWithScope", "decimal"}
NOT_DETERMINISTIC = NOT_FOR_EQUALITY | {"bool"}


def random_value(type, random):
    number, make = TYPES[type]
    return _document(_element(number, "v", make(random)))
