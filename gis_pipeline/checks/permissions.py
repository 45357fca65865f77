"""承認: every output needs its act granted, and every permission must still run (測量法29・30・43・44条, 著作権)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from gis_pipeline.members import Context
from gis_pipeline.model import Act, Approval, Collection, Finding, Severity

TITLE = "承認と利用条件"

ACT_NAMES: dict[Act, str] = {
    "screen": "画面での表示 (screen)",
    "tiles": "タイルでの配信 (tiles)",
    "print": "印刷 (print)",
    "raw download": "データの提供 (raw download)",
    "paid copy": "有償の写し (paid copy)",
}
WARNING_DAYS = (7, 30, 90)


def check(context: Context) -> Iterator[Finding]:
    """Blocks expired and not yet granted approvals and outputs whose act none grants; warns 90, 30, 7 days before.

    A collection that declares no approvals rests on none. `Context.acts` says which act each output needs.
    """
    yield from granted(context.collection, context.acts, context.takes_effect, context.built_on)
    if not context.collection.downloadable:
        yield _finding(
            "info",
            "利用条件の一文 (permission) がないため、閲覧だけになります。ダウンロードは出しません。",
            "受け取った人が断りなくできることを permission に書いてください。",
        )


def granted(
    collection: Collection, acts: Mapping[str, Act], takes_effect: dt.date, built_on: dt.date
) -> Iterator[Finding]:
    """What is wrong with the permissions of an edition on the day `built_on`; needs none of its features.

    Also asked for editions that nothing else makes build again: permissions run out while the data stay as they are.
    """
    for approval in collection.approvals:
        yield from _terms(approval, takes_effect, built_on)
    if collection.approvals:
        yield from _acts(collection, acts)


def _acts(collection: Collection, acts: Mapping[str, Act]) -> Iterator[Finding]:
    permitted = {act for approval in collection.approvals for act in approval.acts}
    for output in sorted({*acts, *collection.outputs}):
        act = acts.get(output)
        if act is None:
            yield _finding(
                "block", f"出力「{output}」に要る承認が分かりません。", "outputs のつづりを確かめてください。"
            )
        elif act not in permitted:
            yield _finding(
                "block",
                f"出力「{output}」に要る承認がありません: {ACT_NAMES[act]}。",
                f'outputs から「{output}」を除くか、承認を受けて [[approvals]] の acts に "{act}" を加えてください。',
                output,
            )


def _terms(approval: Approval, takes_effect: dt.date, built_on: dt.date) -> Iterator[Finding]:
    name = f"{approval.kind}の承認 ({approval.grantor} {approval.number})"
    advice = "承認を更新し、[[approvals]] の number と expires を直してください。"
    if approval.date > built_on:
        yield _finding("block", f"{name}の日付 {approval.date} がまだ来ていません。", "承認の日付を確かめてください。")
    if approval.expires is None:
        return
    days = (approval.expires - built_on).days
    if days < 0:
        yield _finding("block", f"{name}は {approval.expires} で期限が切れています。", advice)
        return
    limit = next((limit for limit in WARNING_DAYS if days <= limit), None)
    if limit is not None:
        yield _finding("warn", f"{name}の期限 {approval.expires} まで {days} 日です ({limit} 日前の警告)。", advice)
    if approval.expires < takes_effect:
        yield _finding("warn", f"{name}は施行日 {takes_effect} より前の {approval.expires} に切れます。", advice)


def _finding(severity: Severity, message: str, advice: str, value: str | None = None) -> Finding:
    return Finding(
        rule="permissions", severity=severity, message=message, advice=advice, file="collection.toml", value=value
    )
