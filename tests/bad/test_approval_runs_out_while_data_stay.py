from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from gis_pipeline import publishing
from gis_pipeline.errors import Blocked
from gis_pipeline.model import today_in_japan
from tests import town as towns
from tests.town import Town, findings

APPROVAL = """
[[approvals]]
kind = "測量法44条"
grantor = "見本県知事"
number = "第1号"
date = 2020-04-01
expires = {expires}
acts = {acts}
"""
ALL = '["screen", "tiles", "raw download"]'


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """A published town whose 用途地域 rest on a permission that runs for long."""
    made = Town(tmp_path)
    made.write("youto/collection.toml", towns.YOUTO + APPROVAL.format(expires="2099-03-31", acts=ALL))
    made.publish()
    return made


def test_an_expired_approval_blocks_although_nothing_is_built_again(town: Town) -> None:
    town.write("youto/collection.toml", towns.YOUTO + APPROVAL.format(expires="2024-03-31", acts=ALL))
    outcome = town.build()
    assert outcome.candidate is None
    [finding] = findings(outcome)
    assert finding.message == "測量法44条の承認 (見本県知事 第1号)は 2024-03-31 で期限が切れています。"


def test_an_act_no_longer_granted_blocks_although_nothing_is_built_again(town: Town) -> None:
    town.write("youto/collection.toml", towns.YOUTO + APPROVAL.format(expires="2099-03-31", acts='["screen", "tiles"]'))
    assert {finding.value for finding in findings(town.build())} == {"geojson", "geopackage"}


def test_another_collection_can_still_be_released_by_naming_it(town: Town) -> None:
    town.write("youto/collection.toml", towns.YOUTO + APPROVAL.format(expires="2024-03-31", acts=ALL))
    town.write("choudo/collection.toml", towns.ROADS.replace("町道", "町道（認定路線）", 1))
    assert town.build("choudo").candidate is not None


def test_a_new_look_is_told_beside_a_warning(town: Town) -> None:
    soon = (today_in_japan() + dt.timedelta(days=20)).isoformat()
    changed = towns.YOUTO.replace("#adffd6", "#00ff00") + APPROVAL.format(expires=soon, acts=ALL)
    town.write("youto/collection.toml", changed)
    outcome = town.build()
    assert outcome.candidate is not None
    assert [change.kind for change in outcome.candidate.differences] == ["restyled"]
    assert [finding.rule for finding in findings(outcome, "warn")] == ["permissions"]


def test_an_approval_that_runs_out_while_the_candidate_waits_blocks_its_publication(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    expires = today_in_japan() + dt.timedelta(days=1)
    town.write("youto/collection.toml", towns.YOUTO + APPROVAL.format(expires=expires.isoformat(), acts=ALL))
    candidate = town.build().candidate
    assert candidate is not None
    before = town.live()
    monkeypatch.setattr(publishing, "today_in_japan", lambda: expires + dt.timedelta(days=1))
    with pytest.raises(Blocked, match=r"「用途地域」の測量法44条の承認 \(見本県知事 第1号\)は .* で期限が切れています"):
        publishing.publish(town.folders.published, candidate, approved_by="試験-2", approved_on=expires)
    assert town.live() == before
