"""The only reader of the environment: MACHIZU_* variables, read once when the server starts."""

from __future__ import annotations

import json
import os
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an operator may set. Frozen: configuration cannot change under a running server.

    `public_url` is the address people use (https://maps.example.jp, no trailing slash); without it absolute links
    come from the request's own host. `trusted_proxies` are the addresses whose X-Forwarded-Proto and -For count.
    Editions of up to `memory_features` features are held in memory, larger ones are read from their files.
    `state` is the only place the server writes to: long downloads, for `job_keep_s` seconds. Downloads of up to
    `direct_download_…` are answered at once, up to `max_download_…` as a job, beyond that not at all.
    One client may ask for `costly_per_minute` answers that are computed for it alone, of each worker; 0: no limit.
    `candidate` previews what a build made instead of serving the live release.
    """

    model_config = SettingsConfigDict(env_prefix="MACHIZU_", frozen=True, extra="ignore")

    published: Path = Path("data/published")
    public_url: str = Field("", pattern=r"^(https?://[^/?#\s]+(/[^?#\s]*)?)?$")
    trusted_proxies: tuple[str, ...] = ()
    candidate: int | None = Field(None, ge=1)
    default_limit: int = Field(100, ge=1)
    max_limit: int = Field(1000, ge=1)
    max_offset: int = Field(1_000_000, ge=1)
    memory_features: int = Field(50_000, ge=0)
    costly_per_minute: int = Field(6_000, ge=0)
    max_radius_m: float = Field(500.0, gt=0)
    state: Path = Path("data/state")
    direct_download_features: int = Field(20_000, ge=0)
    max_download_features: int = Field(200_000, ge=1)
    direct_download_pixels: int = Field(8_000_000, ge=0)
    max_download_pixels: int = Field(250_000_000, ge=1)
    max_download_area_km2: float = Field(2_000.0, gt=0)
    max_area_characters: int = Field(20_000, ge=100)
    max_area_vertices: int = Field(2_000, ge=4)
    max_buffer_m: float = Field(1_000.0, gt=0)
    max_jobs: int = Field(8, ge=1)
    job_keep_s: int = Field(3_600, ge=10)
    latest_max_age_s: int = Field(60, ge=0, le=86400)
    edition_max_age_s: int = Field(86400, ge=0, le=86400)

    def export(self) -> None:
        """Writes the settings into the environment, for worker processes that read them again."""
        for name, value in self.model_dump(mode="json", exclude_defaults=True).items():
            os.environ[f"MACHIZU_{name.upper()}"] = value if isinstance(value, str) else json.dumps(value)

    @property
    def jobs(self) -> Path:
        """Where long downloads are made and kept."""
        return self.state / "jobs"

    @field_validator("public_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")
