"""CQL2 (OGC 21-065r2): the text form → the JSON form, in time linear in its length.

Length and nesting are looked at before anything is parsed. Nothing is judged here but the grammar: what the names and
functions mean is said by `tile_server.filters`.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from tile_server.errors import RequestError

MAX_LENGTH = 8000
"""Characters of a filter in either form."""
MAX_NESTING = 20
"""Brackets within one another in the text form."""
MAX_NESTING_JSON = 64
"""The JSON form needs three brackets for each of the text form, and four more for a geometry."""

Tree = Any
"""CQL2 JSON: an expression {"op", "args"}, a property, a literal."""

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?(?![\w.]))
      | (?P<text>'(?:[^'\\]|''|\\.)*')
      | (?P<quoted>"(?:[^"]|"")+")
      | (?P<name>[^\W\d][\w.:]*)
      | (?P<sign><>|<=|>=|[=<>+\-*/%^(),])
    )""",
    re.VERBOSE | re.DOTALL,
)
_QUOTED = re.compile(r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_GEOMETRIES = {
    "POINT": ("Point", 0),
    "LINESTRING": ("LineString", 1),
    "POLYGON": ("Polygon", 2),
    "MULTIPOINT": ("MultiPoint", 1),
    "MULTILINESTRING": ("MultiLineString", 2),
    "MULTIPOLYGON": ("MultiPolygon", 3),
}
"""The WKT name, GeoJSON's, and how deep its coordinates are nested."""
_COMPARISONS = frozenset({"=", "<>", "<", ">", "<=", ">="})
_WORDS = frozenset({"AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL"})
RESERVED = _WORDS | {"TRUE", "FALSE"} | set(_GEOMETRIES)
"""What as a property's name must stand in double quotes."""


def bad(message: str, english: str) -> RequestError:
    """The 400 for a filter; it names the parameter."""
    return RequestError(f"filter: {message}", f"filter: {english}", "filter")


def read_json(text: str) -> Tree:
    """The tree of a filter in CQL2 JSON."""
    _limits(text, "[{", "]}", MAX_NESTING_JSON)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise bad("JSON として読めません。", "not valid JSON.") from error


def read_text(text: str) -> Tree:
    """The tree of a filter in CQL2 text."""
    _limits(text, "(", ")", MAX_NESTING)
    reader = _Reader(_tokens(text))
    tree = reader.either()
    reader.finish()
    return tree


def _limits(text: str, opening: str, closing: str, most: int) -> None:
    if len(text) > MAX_LENGTH:
        raise bad(f"{MAX_LENGTH} 文字までです。", f"at most {MAX_LENGTH} characters.")
    depth = 0
    for sign in _QUOTED.sub("", text):
        if sign in opening:
            depth += 1
            if depth > most:
                raise bad("かっこの入れ子が深すぎます。", "nested too deeply.")
        elif sign in closing:
            depth -= 1


def _tokens(text: str) -> list[tuple[str, str]]:
    """Kind and text of each token: number, text, quoted, name (word in capitals beside it), sign."""
    found: list[tuple[str, str]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise bad(f"{at + 1} 文字目が読めません。", f"unreadable at character {at + 1}.")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Reader:
    """Recursive descent over the tokens; every method takes what it reads and never goes back."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def finish(self) -> None:
        if self._at < len(self._tokens):
            raise self._unexpected()

    def either(self) -> Tree:
        return self._joined("OR", self._all)

    def _all(self) -> Tree:
        return self._joined("AND", self._negated)

    def _joined(self, word: str, inner: Any) -> Tree:
        parts = [inner()]
        while self._take_word(word):
            parts.append(inner())
        return parts[0] if len(parts) == 1 else {"op": word.lower(), "args": parts}

    def _negated(self) -> Tree:
        odd = False
        while self._take_word("NOT"):
            odd = not odd
        tree = self._predicate()
        return {"op": "not", "args": [tree]} if odd else tree

    def _predicate(self) -> Tree:
        left = self._sum()
        kind, sign = self._peek()
        if kind == "sign" and sign in _COMPARISONS:
            self._at += 1
            return {"op": sign, "args": [left, self._sum()]}
        if self._take_word("IS"):
            negative = self._take_word("NOT")
            self._expect_word("NULL")
            return _negative(negative, {"op": "isNull", "args": [left]})
        negative = self._take_word("NOT")
        if self._take_word("LIKE"):
            return _negative(negative, {"op": "like", "args": [left, self._sum()]})
        if self._take_word("BETWEEN"):
            low = self._sum()
            self._expect_word("AND")
            return _negative(negative, {"op": "between", "args": [left, low, self._sum()]})
        if self._take_word("IN"):
            return _negative(negative, {"op": "in", "args": [left, self._list(self._sum)]})
        if negative:
            raise self._unexpected()
        return left

    def _sum(self) -> Tree:
        return self._operated(("+", "-"), lambda: self._operated(("*", "/", "%", "^"), self._operand))

    def _operated(self, signs: tuple[str, ...], inner: Any) -> Tree:
        left = inner()
        while self._peek()[0] == "sign" and self._peek()[1] in signs:
            sign = self._next()[1]
            left = {"op": sign, "args": [left, inner()]}
        return left

    def _operand(self) -> Tree:
        kind, text = self._next()
        if kind == "number":
            return _number(text)
        if kind == "sign" and text in "+-" and self._peek()[0] == "number":
            return _number(text + self._next()[1])
        if kind == "text":
            return _unquoted(text)
        if kind == "quoted":
            return {"property": text[1:-1].replace('""', '"')}
        if (kind, text) == ("sign", "("):
            tree = self.either()
            self._expect(")")
            return tree
        if kind == "name" and text.upper() not in _WORDS:
            return self._named(text)
        self._at -= 1
        raise self._unexpected()

    def _named(self, text: str) -> Tree:
        word = text.upper()
        if word in ("TRUE", "FALSE"):
            return word == "TRUE"
        if word in _GEOMETRIES and self._begins_geometry():
            return self._geometry(word)
        if self._peek() != ("sign", "("):
            return {"property": text}
        if word == "GEOMETRYCOLLECTION":
            return {"type": "GeometryCollection", "geometries": self._list(self._member)}
        if word == "BBOX":
            return {"bbox": self._list(self._coordinate)}
        arguments = self._list(self.either)
        if word in ("DATE", "TIMESTAMP") and len(arguments) == 1:
            return {word.lower(): arguments[0]}
        if word == "INTERVAL":
            return {"interval": arguments}
        return {"op": text.lower(), "args": arguments}

    def _begins_geometry(self) -> bool:
        kind, text = self._peek()
        return (kind, text) == ("sign", "(") or (kind == "name" and text.upper() == "Z")

    def _member(self) -> Tree:
        kind, text = self._next()
        if kind != "name" or text.upper() not in _GEOMETRIES:
            self._at -= 1
            raise self._unexpected()
        return self._geometry(text.upper())

    def _geometry(self, word: str) -> Tree:
        self._take_word("Z")
        title, depth = _GEOMETRIES[word]
        if depth == 0:
            (coordinates,) = self._bracketed([self._position])
        else:
            coordinates = self._rings(depth, loose=word == "MULTIPOINT")
        return {"type": title, "coordinates": coordinates}

    def _bracketed(self, readers: list[Any]) -> list[Any]:
        self._expect("(")
        found = [reader() for reader in readers]
        self._expect(")")
        return found

    def _rings(self, depth: int, *, loose: bool = False) -> list[Any]:
        if depth > 1:
            return self._list(lambda: self._rings(depth - 1))
        return self._list(self._loose_position if loose else self._position)

    def _loose_position(self) -> list[float]:
        """A position of a MULTIPOINT, which may stand in brackets of its own."""
        if self._peek() == ("sign", "("):
            position: list[float] = self._bracketed([self._position])[0]
            return position
        return self._position()

    def _position(self) -> list[float]:
        position = [self._coordinate()]
        while self._peek()[0] == "number" or self._peek()[1] in ("-", "+"):
            position.append(self._coordinate())
        return position

    def _coordinate(self) -> float:
        kind, text = self._next()
        sign = ""
        if (kind, text) in (("sign", "-"), ("sign", "+")):
            sign = text
            kind, text = self._next()
        if kind != "number":
            self._at -= 1
            raise self._unexpected()
        return float(sign + text)

    def _list(self, inner: Any) -> list[Any]:
        self._expect("(")
        found = [inner()]
        while self._peek() == ("sign", ","):
            self._at += 1
            found.append(inner())
        self._expect(")")
        return found

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _take_word(self, word: str) -> bool:
        kind, text = self._peek()
        taken = kind == "name" and text.upper() == word
        self._at += taken
        return taken

    def _expect_word(self, word: str) -> None:
        if not self._take_word(word):
            raise self._unexpected()

    def _expect(self, sign: str) -> None:
        if self._peek() != ("sign", sign):
            raise self._unexpected()
        self._at += 1

    def _unexpected(self) -> RequestError:
        kind, text = self._peek()
        if kind == "end":
            return bad("途中で終わっています。", "it ends too early.")
        return bad(f"「{text[:40]}」はここに書けません。", f"{text[:40]!r} is not expected here.")


def _negative(negative: bool, tree: Tree) -> Tree:
    return {"op": "not", "args": [tree]} if negative else tree


def _number(text: str) -> int | float:
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else float(text)


def _unquoted(text: str) -> str:
    """Only the quote has an escape of its own (21-065r2, BNF escapeQuote): a pattern keeps its backslashes."""
    return re.sub(r"''|\\'", "'", text[1:-1])
