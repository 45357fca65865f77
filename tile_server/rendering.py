"""Where pictures are drawn: a few threads that yield the processor to everything else. Linux counts priority by thread.

Whoever looks at a prebuilt map is answered first; pictures that are computed for one client get what is left.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

import cv2

P = ParamSpec("P")
T = TypeVar("T")

AT_ONCE = 2
"""How many pictures are drawn at the same time; the others wait, so that memory stays bounded."""
_NICE = 10


class Rendering:
    """The threads of one server process; they start with the first picture."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, "rendering", initializer=_yielding)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns. If the client goes away before its turn comes, it is not done at all."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *args, **kwargs))


def _yielding() -> None:
    """Sets this thread behind all others; OpenCV does not start threads of its own."""
    cv2.setNumThreads(1)
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
