"""Thin dark ink on a scan: what remains of a drawing when light, paper, stains and colour fills are taken away."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
WORKING_PX_PER_MM = 2.5
THICKEST_MM = 2.0


def lightness(values: Grey) -> Grey:
    """(rows, cols[, 3]) → (rows, cols): the greatest channel, in which colour fills vanish and black ink stays."""
    return values if values.ndim == 2 else np.asarray(values.max(axis=2))


def thin_ink(light: Grey, px_per_mm: float) -> NDArray[np.float32]:
    """Ink thinner than 2 mm at 2.5 px/mm, 0 (none) … 1 (a full line): a black-hat, averaged down."""
    size = max(3, round(THICKEST_MM * px_per_mm) | 1)
    kernel = np.ones((size, size), np.uint8)
    hat = cv2.morphologyEx(light, cv2.MORPH_BLACKHAT, kernel)
    factor = WORKING_PX_PER_MM / px_per_mm
    shape = (round(light.shape[1] * factor), round(light.shape[0] * factor))
    small = cv2.resize(hat, shape, interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray(np.clip(small / 48.0, 0, 1), dtype=np.float32)
