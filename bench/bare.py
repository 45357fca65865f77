"""The least an ASGI program can do: the answers of one file of paths and bodies, from memory. For `bench.serve`."""

from __future__ import annotations

import json
import os
from pathlib import Path

from starlette.types import Receive, Scope, Send

Answer = tuple[dict[str, object], dict[str, object]]


def answers(folder: Path) -> dict[str, Answer]:
    """`answers.json` maps a path to its media type, its coding and the file that holds its body."""
    made: dict[str, Answer] = {}
    for path, (media_type, coding, name) in json.loads((folder / "answers.json").read_text()).items():
        body = (folder / name).read_bytes()
        headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
        headers += [(b"content-encoding", coding.encode())] if coding else []
        start = {"type": "http.response.start", "status": 200, "headers": headers}
        made[path] = (start, {"type": "http.response.body", "body": body})
    return made


class Bare:
    """ASGI."""

    def __init__(self, folder: Path) -> None:
        self._answers = answers(folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """200 with the bytes of the path; anything else is a fault of the measurement."""
        if scope["type"] != "http":
            return
        start, body = self._answers[scope["path"]]
        await send(start)
        await send(body)


def create() -> Bare:
    """For `uvicorn --factory bench.bare:create`, with the folder in BARE_FOLDER."""
    return Bare(Path(os.environ["BARE_FOLDER"]))
