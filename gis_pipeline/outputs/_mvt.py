"""Reads and sets the numbers of a vector tile's features (Mapbox Vector Tile 2.1) and touches nothing else in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mapbox_vector_tile.Mapbox import vector_tile_pb2

LAYER, FEATURE, KEY, VALUE = 3, 2, 3, 4
"""Field numbers: Tile.layers; Layer.features, keys, values (vector_tile.proto)."""
TAGS = 2
"""Field number of Feature.tags."""
LENGTH_DELIMITED = 2
FIXED_BYTES = {1: 8, 5: 4}


def numbered(tile: bytes, numbers: Mapping[str, int]) -> bytes:
    """The tile with Feature.id set to the number of each feature's property "fid"."""
    return b"".join(
        _field(LAYER, _layer(content, numbers)) if number == LAYER else raw for number, content, raw in _fields(tile)
    )


def feature_ids(tile: bytes) -> list[int]:
    """The ids of all features of a tile that have one (they count from 1)."""
    message: Any = vector_tile_pb2.tile()
    message.ParseFromString(tile)
    return [feature.id for layer in message.layers for feature in layer.features if feature.id]


def _layer(layer: bytes, numbers: Mapping[str, int]) -> bytes:
    fields = list(_fields(layer))
    keys = [content.decode() for number, content, _ in fields if number == KEY]
    values = [_text(content) for number, content, _ in fields if number == VALUE]
    key = keys.index("fid")
    parts = []
    for number, content, raw in fields:
        if number != FEATURE:
            parts.append(raw)
            continue
        tags = next(_varints(packed) for field, packed, _ in _fields(content) if field == TAGS)
        fid = next(values[value] for name, value in zip(tags[::2], tags[1::2], strict=True) if name == key)
        # Field 1, a varint: the last one counts, so an id that stands there already is overruled.
        parts.append(_field(FEATURE, content + b"\x08" + _varint(numbers[fid])))
    return b"".join(parts)


def _text(value: bytes) -> str:
    """A Value's string (field 1); empty if it holds another type."""
    return next((content.decode() for number, content, _ in _fields(value) if number == 1), "")


# ------------------------------------------------------------------ protocol buffers, as far as needed


def _fields(message: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Field number, content (empty unless length-delimited), and the field's own bytes."""
    position = 0
    while position < len(message):
        start = position
        tag, position = _read(message, position)
        content = b""
        if tag & 7 == LENGTH_DELIMITED:
            length, position = _read(message, position)
            content = message[position : position + length]
            position += length
        elif tag & 7 == 0:
            _, position = _read(message, position)
        else:
            position += FIXED_BYTES[tag & 7]
        yield tag >> 3, content, message[start:position]


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | LENGTH_DELIMITED) + _varint(len(content)) + content


def _varints(packed: bytes) -> list[int]:
    found, position = [], 0
    while position < len(packed):
        value, position = _read(packed, position)
        found.append(value)
    return found


def _read(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        value |= (byte & 0x7F) << shift
        position += 1
        shift += 7
        if byte < 0x80:
            return value, position


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
