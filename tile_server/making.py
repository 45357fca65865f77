"""Makes the file of a download: chooses, writes, reads it back with another reader. No HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Literal, cast

import gis_pipeline.outputs
from gis_pipeline import proof
from gis_pipeline.catalog import Published
from gis_pipeline.errors import MaterialError
from gis_pipeline.members import Download, Product
from gis_pipeline.model import Collection
from gis_pipeline.plugins import members
from tile_server import clip
from tile_server.clip import Order
from tile_server.errors import RequestError
from tile_server.store import FeatureStore

Progress = Callable[[int], None]


@cache
def formats() -> Mapping[str, Download]:
    """The outputs that can be written for a request, by the ending of the download's name."""
    found = members(gis_pipeline.outputs).values()
    return {module.SUFFIX: cast(Download, module) for module in found if isinstance(getattr(module, "SUFFIX", 0), str)}


def is_picture(member: Download) -> bool:
    """Whether a format carries the sheets themselves, not the features."""
    return frozenset({"sheets"}) == member.APPLIES


def effort(member: Download) -> int:
    """As many times the work of a table is a feature of this format."""
    return int(getattr(member, "EFFORT", 1))


def warned(member: Download | None) -> dict[str, str]:
    """The header that goes with a format that no reader proves but the library that writes it (実験的)."""
    return {"x-machizu-experimental": "true"} if member is not None and "実験的" in member.TITLE else {}


def kind(declaration: Collection) -> Literal["features", "sheets", "register"]:
    """What a collection is to the writers."""
    if declaration.scan is not None:
        return "sheets"
    return "register" if declaration.geometry == "none" else "features"


def permitted(published: Published, member: Download) -> bool:
    """Whether the permissions of the edition, if it rests on any, cover what the format does."""
    granted = {act for approval in published.approvals for act in approval.acts}
    return not published.approvals or member.ACT in granted


def offered(published: Published) -> dict[str, Download]:
    """The formats in which an edition is written for a request; none for one that is for viewing only."""
    if not published.declaration.downloadable:
        return {}
    of_kind = kind(published.declaration)
    return {
        suffix: member
        for suffix, member in formats().items()
        if of_kind in member.APPLIES and permitted(published, member)
    }


def make(order: Order, store: FeatureStore, seqs: list[int], folder: Path, progress: Progress = lambda _: None) -> Path:
    """Writes the file into `folder` (which exists) and proves it.

    RequestError if the format cannot carry a value (told which); WrongFileError if what was written is not what was
    asked for; MachineError on a full disk.
    """
    member = formats()[order.suffix]
    product = clip.product(order, store, seqs)
    progress(20)
    try:
        (path,) = member.write(product, folder)
    except MaterialError as error:
        raise RequestError(str(error), "This format cannot carry a value of the selection; take another.") from error
    progress(75)
    _prove(member, product, path)
    progress(100)
    return path


def _prove(member: Download, product: Product, path: Path) -> None:
    """A member without a reader of its own (a drawing has figures, not features) proves its file while writing."""
    if not hasattr(cast(ModuleType, member), "reread"):
        return
    found = member.reread(path)
    if is_picture(member):
        proof.prove_picture(found, clip.footprint(product))
    else:
        proof.prove(product, found, proof.frame_of(member, product))
