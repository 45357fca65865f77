"""Filters made up at random give what a second evaluator, over pandas with three-valued logic, gives."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

ITEMS = "/api/collections/youto/items"
NUMBERS, TEXTS = ("kenpei", "taka"), ("no", "youto", "youto_name")
SIGNS = ("=", "<>", "<", ">", "<=", ">=")

numbers = st.sampled_from([10.5, 50, 60, 59.5, 0, -1, 10**18])
texts = st.sampled_from(["1", "10", "011", "050", "商業地域", "", "it's", "%"])
patterns = st.text(alphabet="0159%_商業地域*?[]", max_size=5)


def comparison(names: tuple[str, ...], values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    field = st.sampled_from(names).map(lambda name: {"property": name})
    return st.one_of(
        st.builds(lambda op, a, b: {"op": op, "args": [a, b]}, st.sampled_from(SIGNS), field, values | field),
        st.builds(lambda a, b: {"op": "in", "args": [a, b]}, field, st.lists(values, min_size=1, max_size=3)),
        st.builds(lambda a, b, c: {"op": "between", "args": [a, b, c]}, field, values, values),
        st.builds(lambda a: {"op": "isNull", "args": [a]}, field),
    )


likes = st.builds(
    lambda name, pattern: {"op": "like", "args": [{"property": name}, pattern]}, st.sampled_from(TEXTS), patterns
)
leaves = st.one_of(comparison(NUMBERS, numbers), comparison(TEXTS, texts), likes, st.booleans())
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(
            lambda op, args: {"op": op, "args": args},
            st.sampled_from(["and", "or"]),
            st.lists(inner, min_size=2, max_size=3),
        ),
        inner.map(lambda tree: {"op": "not", "args": [tree]}),
    ),
    max_leaves=8,
)


def like(text: str, pattern: str) -> bool:
    """% and _ matched by hand, longest work first; no regular expression and no SQL."""
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(like(text[n:], pattern[1:]) for n in range(len(text) + 1))
    return bool(text) and pattern[0] in ("_", text[0]) and like(text[1:], pattern[1:])


def truth(tree: Any, frame: pd.DataFrame) -> Any:
    """True, False or NA for each feature (pandas' boolean dtype is Kleene logic, as SQL's)."""
    if isinstance(tree, bool):
        return pd.Series(tree, index=frame.index, dtype="boolean")
    operator, args = tree["op"], tree["args"]
    if operator in ("and", "or"):
        parts = [truth(arg, frame) for arg in args]
        joined = parts[0]
        for part in parts[1:]:
            joined = joined & part if operator == "and" else joined | part
        return joined
    if operator == "not":
        return ~truth(args[0], frame)
    if operator == "in":
        parts = [truth({"op": "=", "args": [args[0], value]}, frame) for value in args[1]]
        return truth(False, frame) | parts[0] if len(parts) == 1 else _any(parts)
    if operator == "between":
        low = truth({"op": ">=", "args": args[:2]}, frame)
        return low & truth({"op": "<=", "args": [args[0], args[2]]}, frame)
    value = frame[args[0]["property"]]
    if operator == "isNull":
        return value.isna().astype("boolean")
    if operator == "like":
        return value.map(lambda text: like(text, args[1]), na_action="ignore").astype("boolean")
    other = frame[args[1]["property"]] if isinstance(args[1], dict) else args[1]
    compared = {
        "=": value.eq, "<>": value.ne, "<": value.lt, ">": value.gt, "<=": value.le, ">=": value.ge,
    }[operator](other)  # fmt: skip
    return compared.astype("boolean")


def _any(parts: list[Any]) -> Any:
    joined = parts[0]
    for part in parts[1:]:
        joined = joined | part
    return joined


def frame_of(client: TestClient) -> pd.DataFrame:
    features = client.get(ITEMS, params={"limit": "1000"}).json()["features"]
    frame = pd.DataFrame([feature["properties"] for feature in features], index=[f["id"] for f in features])
    kinds = dict.fromkeys(NUMBERS, "Float64") | dict.fromkeys(TEXTS, "string")
    return frame.astype(kinds)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(expression=trees)
def test_a_filter_gives_what_pandas_gives(client: TestClient, expression: Any) -> None:
    frame = frame_of(client)
    query = {"filter": json.dumps(expression), "filter-lang": "cql2-json", "limit": "1000"}
    answer = client.get(ITEMS, params=query)
    assert answer.status_code == 200, answer.text
    expected = truth(expression, frame)
    assert {f["id"] for f in answer.json()["features"]} == set(frame.index[expected.fillna(False)])
