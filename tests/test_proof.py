"""What is published is read again by another reader first: a file that its writer damaged is never published."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import ModuleType

import pytest
import shapely

from gis_pipeline import build, outputs
from gis_pipeline.errors import MachineError
from gis_pipeline.members import Product
from gis_pipeline.plugins import members
from tests.outputs import samples

PRODUCT = samples.products()["polygons"]
READ_AGAIN = {
    name: module
    for name, module in members(outputs).items()
    if hasattr(module, "reread") and "features" in module.APPLIES
}


def damaged(module: ModuleType, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer writes other features than it was given, and nobody tells."""
    honest = module.write

    def wrong(product: Product, folder: Path) -> tuple[Path, ...]:
        frame = product.frame.copy()
        if change == "moved":
            shapes = frame.geometry.to_numpy().copy()
            shapes[3] = shapely.transform(shapes[3], lambda pairs: pairs + 300)
            frame.geometry = shapes
        else:
            frame = frame.iloc[:-1] if change == "lost" else frame.rename(index={frame.index[5]: "別の番号"})
        written: tuple[Path, ...] = honest(dataclasses.replace(product, frame=frame), folder)
        return written

    monkeypatch.setattr(module, "write", wrong)


def written(name: str, folder: Path) -> list[str]:
    collection = PRODUCT.collection.model_copy(update={"outputs": (name,)})
    product = dataclasses.replace(PRODUCT, collection=collection)
    return [asset.name for asset in build.write_output(name, product, folder)]


def test_what_a_writer_wrote_rightly_is_published(tmp_path: Path) -> None:
    assert {name: written(name, tmp_path) for name in READ_AGAIN}.keys() == READ_AGAIN.keys()


@pytest.mark.parametrize("change", ["moved", "lost", "renamed"])
@pytest.mark.parametrize("name", READ_AGAIN)
def test_a_file_that_its_writer_damaged_is_not(
    name: str, change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged(READ_AGAIN[name], change, monkeypatch)
    with pytest.raises(MachineError, match="読み返すと"):
        written(name, tmp_path)


def test_every_format_that_carries_features_is_read_again_or_says_that_it_is_experimental() -> None:
    carrying = {
        name: module
        for name, module in members(outputs).items()
        if hasattr(module, "SUFFIX") and "features" in module.APPLIES
    }
    assert {name for name in carrying if name not in READ_AGAIN} == {
        name for name, module in carrying.items() if "実験的" in module.TITLE
    }
