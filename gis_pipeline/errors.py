"""One tree of errors; every message is a Japanese sentence for the person who can act on it.

MachizuError
├── DeclarationError      service.toml, collection.toml or edition.toml cannot be followed      exit 2
├── MaterialError         a source file cannot be taken in; names file, layer, record, field    exit 1
│   ├── EncodingError     a text value cannot be decoded with any declared or detected encoding
│   ├── DatumError        no coordinate operation is accurate enough for the map level
│   └── PlacementError    a scan cannot be placed on the ground
├── PublishingError       the published tree does not allow what was asked                       exit 1
│   └── Blocked           the candidate has blocking findings
├── MachineError          disk full, no permission, another build is running                    exit 3
└── Absent                something asked for is not in the published tree
    ├── UnknownCollection
    ├── UnknownEdition    also: nothing in force on that day (データ無し)
    ├── UnknownItem       a feature, sheet, tile or file
    └── Withdrawn         was published, has been taken back; carries the reason
"""

from __future__ import annotations

from dataclasses import dataclass


class MachizuError(Exception):
    """Root of all errors raised on purpose; `str(error)` is fit to be shown."""


class DeclarationError(MachizuError):
    """A declaration cannot be followed: names the file and the key."""


@dataclass(frozen=True)
class Where:
    """Where in the material something stands; what is not known is None.

    `record` counts from 1 as the source file does; `sheet` is a 図郭 code.
    """

    file: str | None = None
    layer: str | None = None
    record: int | None = None
    field: str | None = None
    sheet: str | None = None

    def __str__(self) -> str:
        parts = (
            self.file,
            f"レイヤ {self.layer}" if self.layer else None,
            f"{self.record} 番目の地物" if self.record is not None else None,
            f"属性「{self.field}」" if self.field else None,
            f"図郭 {self.sheet}" if self.sheet else None,
        )
        return "・".join(part for part in parts if part)


class MaterialError(MachizuError):
    """A source file cannot be taken in. Says what is wrong, where, and what to do."""

    def __init__(self, message: str, where: Where | None = None, advice: str = "") -> None:
        self.message = message
        self.where = where or Where()
        self.advice = advice
        place = str(self.where)
        super().__init__((f"{place}: " if place else "") + message + (f" {advice}" if advice else ""))

    def __reduce__(self) -> tuple[type[MaterialError], tuple[str, Where, str]]:
        """Keeps the place when the error comes back from a worker process."""
        return type(self), (self.message, self.where, self.advice)


class EncodingError(MaterialError):
    """A text value cannot be decoded."""


class DatumError(MaterialError):
    """No available coordinate operation reaches the accuracy that the map level needs."""


class PlacementError(MaterialError):
    """A scan cannot be placed: control points missing, too few, or contradictory."""


class PublishingError(MachizuError):
    """The published tree does not allow what was asked; nothing was changed."""


class Blocked(PublishingError):
    """The material has blocking findings; nothing was changed."""


class MachineError(MachizuError):
    """The machine failed (disk, permission, lock); nothing was changed."""


class Absent(MachizuError):
    """Something asked for is not in the published tree."""


class UnknownCollection(Absent):
    """No collection of that id."""


class UnknownEdition(Absent):
    """No edition of that id, or none in force on that day (データ無し)."""


class UnknownItem(Absent):
    """No feature, sheet, tile or file of that name in the edition."""


class Withdrawn(Absent):
    """The edition was published and has been withdrawn (取下げ); `reason` is the public sentence."""

    def __init__(self, message: str, reason: str) -> None:
        self.reason = reason
        super().__init__(message)
