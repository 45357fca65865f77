"""Programs run beside ours for a comparison: each on 127.0.0.1 and a free port, ended by its own process id.

What cannot be had is said and left out (`Missing`): nginx, wrk, PostgreSQL with PostGIS and ogr2ogr come from apt;
tipg and titiler from pip into a folder of their own.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UVICORN = ("--host=127.0.0.1", "--log-level=warning", "--no-access-log", "--no-server-header", "--no-proxy-headers")
PACKAGES = ("tipg", "titiler.core", "uvicorn", "uvloop", "httptools")
START_S = 60.0


class Missing(Exception):
    """A peer that cannot be had here; the text says what is missing."""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def program(name: str, *more: str) -> str:
    """The path of a program; `more` are patterns of places beside PATH."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")
    places = [str(path) for pattern in more for path in sorted(Path("/").glob(pattern))]
    if found is None and not places:
        raise Missing(f"{name} is not installed")
    return found or places[-1]


@contextmanager
def running(
    command: list[str], ready: str, *, env: Mapping[str, str] | None = None, cwd: Path = ROOT, user: str | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process from when `ready` (an address, or host:port of a plain socket) answers until the block ends."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        command, stdout=quiet, stderr=quiet, env={**os.environ, **(env or {})}, cwd=cwd, user=user
    )
    try:
        until = time.monotonic() + START_S
        while not _answers(ready):
            if process.poll() is not None or time.monotonic() > until:
                raise Missing(f"{Path(command[0]).name} does not start ({' '.join(command[1:4])} …)")
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


def _answers(ready: str) -> bool:
    try:
        if ready.startswith("http"):
            with urllib.request.urlopen(ready, timeout=5):
                return True
        host, _, port = ready.partition(":")
        with socket.create_connection((host, int(port)), 1):
            return True
    except urllib.error.HTTPError:
        return True
    except (OSError, TimeoutError):
        return False


@dataclass(frozen=True)
class Served:
    """A running `machizu serve`."""

    address: str
    process: int

    def workers_mb(self) -> list[float]:
        """Resident memory of each worker process in MB, mapped files included (Linux)."""
        children = Path(f"/proc/{self.process}/task/{self.process}/children").read_text().split()
        sizes: list[float] = []
        for child in children or [str(self.process)]:
            status = Path(f"/proc/{child}/status").read_text()
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            if b"resource_tracker" not in command:
                sizes.append(int(status.partition("VmRSS:")[2].split()[0]) / 1000)
        return sizes


@contextmanager
def machizu(published: Path, workers: int = 1, /, **settings: str) -> Iterator[Served]:
    """`machizu serve` over a published tree. `settings` without MACHIZU_."""
    port = free_port()
    command = [sys.executable, "-m", "gis_pipeline.cli", "serve", f"--port={port}", f"--published={published}"]
    env = {f"MACHIZU_{name.upper()}": value for name, value in settings.items()}
    with running([*command, f"--workers={workers}"], f"http://127.0.0.1:{port}/health/live", env=env) as process:
        yield Served(f"http://127.0.0.1:{port}", process.pid)


@contextmanager
def bare(folder: Path) -> Iterator[str]:
    """`bench.bare` under the same server program with the same options."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--factory", "bench.bare:create", f"--port={port}", *UVICORN]
    with running(command, f"127.0.0.1:{port}", env={"BARE_FOLDER": str(folder)}):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def nginx(folder: Path, work: Path) -> Iterator[str]:
    """nginx, one worker, over files that stand under the paths they are asked by."""
    port = free_port()
    config = work / "nginx.conf"
    temporary = "".join(
        f"{name}_temp_path {work}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config.write_text(
        f"daemon off; worker_processes 1; pid {work}/nginx.pid; error_log {work}/nginx.log;"
        f"events {{}} http {{ access_log off; sendfile on; {temporary} open_file_cache max=2000;"
        f"server {{ listen 127.0.0.1:{port}; root {folder}; location ~ mvt$ {{ add_header Content-Encoding gzip; }}"
        " } }"
    )
    for path in (folder, work):
        path.chmod(0o755)
    with running([program("nginx"), "-c", str(config), "-p", str(work)], f"127.0.0.1:{port}"):
        yield f"http://127.0.0.1:{port}"


def environment(folder: Path) -> Path:
    """The Python of a virtual environment with tipg and titiler; made in `folder` if it is not there yet."""
    python = folder / "bin/python"
    if not python.exists():
        print("  making an environment for tipg and titiler …", flush=True)
        try:
            subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=60, capture_output=True)
            install = [str(python), "-m", "pip", "install", "--quiet", *PACKAGES]
            subprocess.run(install, check=True, timeout=240, capture_output=True)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise Missing(f"tipg and titiler cannot be installed: {error}") from error
    return python


@contextmanager
def postgis(table: Path, name: str, work: Path) -> Iterator[str]:
    """A PostgreSQL of its own with one table of the features, lon/lat; yields its address."""
    bins = Path(program("initdb", "usr/lib/postgresql/*/bin/initdb")).parent
    ogr2ogr, psql = program("ogr2ogr"), program("psql")
    user = "postgres" if os.geteuid() == 0 else None
    data, port = work / "data", free_port()
    data.mkdir()
    for path in (work.parent, work):
        path.chmod(0o755)
    if user is not None:
        shutil.chown(data, user)
    flags = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync"]
    subprocess.run(
        [str(bins / "initdb"), "-D", str(data), *flags], check=True, capture_output=True, user=user, cwd=data
    )
    options = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories={data} -c shared_buffers=512MB"
    command = [str(bins / "postgres"), "-D", str(data), "-p", str(port), *options.split()]
    address = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    with running(command, f"127.0.0.1:{port}", cwd=data, user=user):
        time.sleep(1.0)
        try:
            _run(psql, address, "-c", "CREATE EXTENSION postgis")
            target = f"PG:host=127.0.0.1 port={port} dbname=postgres user=postgres"
            layer = ["-nln", name, "-t_srs", "EPSG:4326", "-lco", "GEOMETRY_NAME=geom", "-nlt", "PROMOTE_TO_MULTI"]
            _run(ogr2ogr, "-q", "-f", "PostgreSQL", target, str(table), *layer)
            _run(psql, address, "-c", f"VACUUM ANALYZE {name}")
        except subprocess.CalledProcessError as error:
            raise Missing(f"PostGIS: {error.stderr.decode(errors='replace').strip()[-200:]}") from error
        yield address


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=180)


@contextmanager
def tipg(python: Path, database: str) -> Iterator[str]:
    """tipg over a database, one worker; limits as high as ours."""
    port = free_port()
    env = {"DATABASE_URL": database, "TIPG_MAX_FEATURES_PER_QUERY": "10000"}
    with running(
        [str(python), "-m", "uvicorn", "tipg.main:app", f"--port={port}", *UVICORN],
        f"http://127.0.0.1:{port}/healthz",
        env=env,
        cwd=python.parent,
    ):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def titiler(python: Path, work: Path) -> Iterator[str]:
    """titiler's factory with its defaults, one worker."""
    port = free_port()
    (work / "scans.py").write_text(
        "from fastapi import FastAPI\nfrom titiler.core.factory import TilerFactory\n"
        "app = FastAPI()\napp.include_router(TilerFactory().router)\n"
    )
    command = [str(python), "-m", "uvicorn", "scans:app", f"--port={port}", *UVICORN]
    with running(command, f"http://127.0.0.1:{port}/docs", cwd=work):
        yield f"http://127.0.0.1:{port}"
