"""The table of requirements in README.md says what there is: every test, every declared class, every test by id."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tile_server.routes.landing import CONFORMS_TO

HERE = Path(__file__).parent
_ROW = re.compile(r"\| `([^`]+)` \| (.+) \|")


def rows() -> dict[str, list[str]]:
    """Requirement → the tests that hold it, as module::function."""
    found = [match for line in (HERE / "README.md").read_text("utf-8").splitlines() if (match := _ROW.fullmatch(line))]
    table = {match[1]: [_module(name) for name in match[2].split(", ")] for match in found}
    assert len(table) == len(found), "a requirement stands twice"
    return table


def _module(name: str) -> str:
    return re.sub("^f:", "test_features_", name)


def functions(path: Path) -> set[str]:
    return {node.name for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)}


def test_every_test_of_the_table_exists() -> None:
    for requirement, tests in rows().items():
        assert tests, requirement
        for test in tests:
            module, _, function = test.partition("::")
            assert function in functions(HERE / f"{module}.py"), f"{requirement}: {test}"


def test_every_class_that_is_declared_has_its_requirements_and_no_other() -> None:
    declared = {re.sub(r"^.*/spec/([^/]+)/[^/]+/conf/", r"\1/", uri) for uri in CONFORMS_TO}
    assert {requirement.rpartition("/")[0] for requirement in rows()} == declared


def test_every_test_named_after_a_requirement_stands_in_the_table() -> None:
    listed = {test.partition("::")[2] for tests in rows().values() for test in tests}
    for path in HERE.glob("test_*.py"):
        named = {name for name in functions(path) if name.startswith(("test_req_", "test_conf_"))}
        assert named <= listed, f"{path.name}: {named - listed}"
