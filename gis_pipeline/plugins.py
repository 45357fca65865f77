"""A folder is a registry: every public module of a package is one member of an open set."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def members(package: ModuleType) -> dict[str, ModuleType]:
    """Modules of `package` whose name has no leading underscore, by name, in alphabetical order.

    Adding a member is adding a file; no list elsewhere is edited. Each is held against its
    Protocol (`gis_pipeline.members`) by mypy where it is used and by the contract tests.
    """
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_"))
    return {name: importlib.import_module(f"{package.__name__}.{name}") for name in names}
