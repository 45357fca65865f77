"""Long downloads: made one after another beside the requests, kept for a while below data/state/jobs, then gone.

A job's number is the hash of what was asked of which release: asking again is not another job, and nothing of who
asked is kept. Each job is a folder with `job.json` (replaced atomically) and `result`. Every worker process reads the
same folders; the process that works holds the folder's lock, so a job whose process has died is known as such.
Nobody can take a job back: it may be another's too. What bounds it is the number at once and its time.
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import anyio
from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from gis_pipeline.errors import MachineError, MachizuError
from tile_server.errors import Busy, NotMade
from tile_server.settings import Settings

LOGGER = logging.getLogger("machizu.downloads")
_ID = re.compile(r"[0-9a-f]{32}")
_KEPT_PER_RUNNING = 4
_AT_ONCE = 2
NO_ROOM = "サーバーのディスクに空きがないか、書き込めません。しばらくしてからもう一度お試しください。"
MOST_WAITING = 16
"""How many downloads may wait for their turn in one worker before the next is told to come again."""

Work = Callable[[Path, Callable[[int], None]], Path]
"""Makes the file below a folder, telling its progress in percent; returns its path."""


class Job(BaseModel):
    """job.json. `expires` is in seconds since 1970; `message` says why it failed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    collection: str
    edition: str
    status: Literal["running", "done", "failed"]
    progress: int = 0
    expires: float
    filename: str
    suffix: str
    media_type: str
    message: str = ""


def number(*parts: object) -> str:
    """The id of a job, from everything that determines its result."""
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@dataclass
class Jobs:
    """The jobs of one worker. `limiter` bounds how many downloads are made at once, answered directly or not."""

    limiter: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(_AT_ONCE))
    _turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(1))

    def find(self, settings: Settings, job_id: str) -> Job | None:
        """The job of that id as it stands; None if there is none, if it has expired, or if its process has died.

        Whichever worker made it: they share the folder.
        """
        if not _ID.fullmatch(job_id):
            return None
        folder = settings.jobs / job_id
        job = _read(folder)
        if job is not None and job.status == "running" and not _held(folder):
            job = _read(folder)  # It may have ended since, and let go.
        if job is None or job.expires < time.time() or (job.status == "running" and not _held(folder)):
            return None
        return job

    def result(self, settings: Settings, job: Job) -> Path:
        """The finished file."""
        return settings.jobs / job.id / "result"

    def start(self, settings: Settings, job: Job, work: Work) -> Job:
        """The job of that id, begun if it is not there. Busy if too many are running."""
        known = self.find(settings, job.id)
        if known is not None and known.status != "failed":
            return known
        if _sweep(settings) >= settings.max_jobs:
            raise Busy(
                "いまは大きなダウンロードを受け付けられません。しばらくしてからもう一度お試しください。",
                "Too many long downloads are being made: please try again later.",
            )
        folder = settings.jobs / job.id
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(folder / "lock", thread_local=False)
            lock.acquire(timeout=1)
        except Timeout:
            return self.find(settings, job.id) or job
        except OSError as error:
            raise NotMade(NO_ROOM) from error
        try:
            _write(folder, job)
        except OSError as error:
            lock.release(force=True)
            shutil.rmtree(folder, ignore_errors=True)
            raise NotMade(NO_ROOM) from error
        run = partial(self._run, settings, folder, job, lock, work)
        threading.Thread(target=run, name=f"job-{job.id}", daemon=True).start()
        return job

    def _run(self, settings: Settings, folder: Path, job: Job, lock: FileLock, work: Work) -> None:
        try:
            with self._turn:
                _write(folder, _work(folder, job, work))
        except OSError as error:
            LOGGER.error("job %s cannot be written down: %s", job.id, error)
        finally:
            lock.release(force=True)
            # Its file goes when its time is over, whether or not anybody asks for anything by then.
            cleaner = threading.Timer(max(0.0, job.expires - time.time()) + 0.1, _sweep, (settings,))
            cleaner.daemon = True
            cleaner.start()


def _work(folder: Path, job: Job, work: Work) -> Job:
    """Does the work and tells how it ended; nothing of a failed one is kept but its message."""
    part = folder / "part"
    try:
        part.mkdir(exist_ok=True)
        made = work(part, lambda percent: _write(folder, job.model_copy(update={"progress": percent})))
        made.replace(folder / "result")
        return job.model_copy(update={"status": "done", "progress": 100})
    except MachineError as error:
        LOGGER.error("job %s cannot be written: %s", job.id, error)
        return job.model_copy(update={"status": "failed", "message": NO_ROOM})
    except MachizuError as error:
        return job.model_copy(update={"status": "failed", "message": str(error)})
    except (OSError, RuntimeError, ValueError, sqlite3.Error) as error:
        LOGGER.error("job %s failed: %s", job.id, error, exc_info=error)
        return job.model_copy(update={"status": "failed", "message": "ファイルを作れませんでした。"})
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _read(folder: Path) -> Job | None:
    try:
        return Job.model_validate_json((folder / "job.json").read_bytes())
    except (OSError, ValidationError):
        return None


def _write(folder: Path, job: Job) -> None:
    part = folder / "job.json.part"
    part.write_text(job.model_dump_json(), encoding="utf-8")
    part.replace(folder / "job.json")


def _held(folder: Path) -> bool:
    """Whether some process works on the job."""
    lock = FileLock(folder / "lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:
        return False
    lock.release()
    return False


def _sweep(settings: Settings) -> int:
    """Removes what has expired or died, and the oldest results beyond the number kept; how many are running."""
    folders = [path for path in settings.jobs.glob("*") if _ID.fullmatch(path.name)] if settings.jobs.is_dir() else []
    running, done = 0, []
    for folder in folders:
        held, job = _held(folder), _read(folder)
        if held:
            # Another look, or one that has just been written down, may hold a finished one for a moment.
            running += job is None or job.status == "running"
        elif job is None or job.status != "done" or job.expires < time.time():
            shutil.rmtree(folder, ignore_errors=True)
        else:
            done.append((job.expires, folder))
    for _, folder in sorted(done)[: max(0, len(done) - _KEPT_PER_RUNNING * settings.max_jobs)]:
        shutil.rmtree(folder, ignore_errors=True)
    return running
