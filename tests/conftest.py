"""What every test may ask for."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Playwright, sync_playwright

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real files beside the project; a visible skip where it is missing."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("skipped: the real files (../shared/data) are not beside the project")
    return folder


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded sample, built and published by the command once: a folder with source, published and work."""
    folder = tmp_path_factory.mktemp("sample")
    shutil.copytree(ROOT / "data/source", folder / "source")
    machizu(folder, "build", f"--work={folder / 'work'}")
    machizu(folder, "publish", "--approved-by=試験-1")
    return folder


@pytest.fixture(scope="session")
def site(sample: Path) -> Iterator[str]:
    """The address of a real server over the published sample, on a free port of 127.0.0.1."""
    with serving(sample / "published") as address:
        yield address


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The one driver of all browsers: a second one in the same thread would not start."""
    with sync_playwright() as driver:
        yield driver


def machizu(folder: Path, *arguments: str) -> str:
    """Runs the command over the source and published folders below `folder`; returns what it printed."""
    paths = [f"--source={folder / 'source'}", f"--published={folder / 'published'}"]
    command = [sys.executable, "-m", "gis_pipeline.cli", *arguments, *paths]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@contextmanager
def serving(published: Path, *options: str) -> Iterator[str]:
    """Runs `machizu serve` over a published tree until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "gis_pipeline.cli",
        "serve",
        f"--port={port}",
        f"--published={published}",
        *options,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_until_ready(address, process)
            yield address
        finally:
            process.terminate()
            process.wait(20)


def _wait_until_ready(address: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stdout and process.stdout.read()
        try:
            with urlopen(f"{address}/health/live", timeout=2):
                return
        except (URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError("the server did not start")
