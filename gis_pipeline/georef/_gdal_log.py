"""What GDAL says while it works and rasterio only logs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


class _Ear(logging.Handler):
    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.INFO)
        self.heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage().rsplit("/", 1)[-1][:200])


@contextmanager
def listening() -> Iterator[list[str]]:
    """The list that fills with GDAL's warnings and with the errors that rasterio passes over, without paths."""
    heard: list[str] = []
    log, ear = logging.getLogger("rasterio._err"), _Ear(heard)
    level = log.level
    log.addHandler(ear)
    log.setLevel(logging.INFO)
    try:
        yield heard
    finally:
        log.setLevel(level)
        log.removeHandler(ear)
