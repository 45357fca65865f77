"""The command `machizu`: parse and print only.

Exit status: 0 done; 1 the material has blocking findings or the tree does not allow it (nothing changed); 2 usage or
declaration error; 3 the machine failed (nothing changed).
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from gis_pipeline import publishing
from gis_pipeline.build import Folders, Outcome
from gis_pipeline.build import build as run_build
from gis_pipeline.catalog import newest_candidate
from gis_pipeline.errors import DeclarationError, MachineError, MachizuError, PublishingError
from gis_pipeline.model import today_in_japan
from gis_pipeline.quality import KINDS, first_of_each_kind, sentence

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="町の地図を点検し、公開し、配信します。",
)

Source = Annotated[Path, typer.Option("--source", help="資料のフォルダ", show_default=True)]
Published = Annotated[Path, typer.Option("--published", help="公開ツリーのフォルダ", show_default=True)]
Work = Annotated[Path, typer.Option("--work", help="作業用のキャッシュ（消してよい）", show_default=True)]
ApprovedBy = Annotated[str, typer.Option("--approved-by", help="決裁番号（必ず書く）", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", help="理由（必ず書く）。そのまま公開されます", show_default=False)]
Names = Annotated[list[str] | None, typer.Argument(help="地図の id（省略するとすべて）")]

SOURCE, PUBLISHED, WORK = Path("data/source"), Path("data/published"), Path("data/work")


def main() -> None:
    """Entry point of the command; errors become one sentence and an exit status."""
    for stream in (sys.stdout, sys.stderr):  # A cp932 console must not stop a build at a character it lacks.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    app()


@contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except MachizuError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_status(error)) from error
    except OSError as error:
        typer.echo(f"書き込みか読み込みに失敗しました: {error}", err=True)
        raise typer.Exit(3) from error


def _status(error: MachizuError) -> int:
    if isinstance(error, DeclarationError):
        return 2
    return 3 if isinstance(error, MachineError) else 1


@app.command()
def build(
    names: Names = None,
    source: Source = SOURCE,
    published: Published = PUBLISHED,
    work: Work = WORK,
    edition: Annotated[list[str] | None, typer.Option("--edition", help="訂正する古い版の日付")] = None,
) -> None:
    """資料を読み、点検し、公開案を作ります。公開中の地図は変わりません。"""
    with _reported():
        outcome = run_build(
            Folders(source, published, work), tuple(names or ()), editions=tuple(edition or ()), progress=typer.echo
        )
        _print_outcome(outcome)
        if outcome.report.blocking:
            raise typer.Exit(1)


@app.command()
def check(names: Names = None, source: Source = SOURCE, published: Published = PUBLISHED, work: Work = WORK) -> None:
    """資料を読んで点検だけします。公開案は作りません。"""
    with _reported():
        outcome = run_build(Folders(source, published, work), tuple(names or ()), check_only=True, progress=typer.echo)
        _print_outcome(outcome)
        if outcome.report.blocking:
            raise typer.Exit(1)


@app.command()
def publish(
    approved_by: ApprovedBy = "",
    at: Annotated[str, typer.Option("--at", help="決裁の日 (YYYY-MM-DD)。省略すると今日")] = "",
    candidate: Annotated[int | None, typer.Option("--candidate", help="公開案の番号。省略すると最新")] = None,
    source: Source = SOURCE,
    published: Published = PUBLISHED,
) -> None:
    """公開案を公開します。決裁番号が記録されます。"""
    with _reported(), publishing.locked(published):
        number = candidate if candidate is not None else newest_candidate(published)
        if number is None:
            raise PublishingError("公開案がありません。machizu build を実行してください。")
        release = publishing.publish(
            published, publishing.load_candidate(published, number), approved_by=approved_by, approved_on=_day(at)
        )
        typer.echo(f"公開 {release.number} を公開しました（決裁 {approved_by}、{release.approved_on}）。")


@app.command()
def releases(published: Published = PUBLISHED) -> None:
    """これまでの公開の一覧です。"""
    with _reported():
        made = publishing.releases(published)
        if not made:
            typer.echo("まだ何も公開されていません。")
        for release in made:
            note = f"　{release.note}" if release.note else ""
            typer.echo(
                f"{release.number:6d}　{release.made_at:%Y-%m-%d %H:%M}　決裁 {release.approved_by or '—'}{note}"
            )


@app.command()
def rollback(
    number: Annotated[int, typer.Argument(help="戻す公開の番号")],
    approved_by: ApprovedBy = "",
    source: Source = SOURCE,
    published: Published = PUBLISHED,
) -> None:
    """前の公開に戻します。新しい公開として記録されます。"""
    with _reported(), publishing.locked(published):
        release = publishing.rollback(published, number, approved_by=approved_by, approved_on=today_in_japan())
        typer.echo(f"公開 {release.number} として、公開 {number} の状態に戻しました。")


@app.command()
def withdraw(
    target: Annotated[str, typer.Argument(help="地図の id、または id@版")],
    reason: Reason = "",
    approved_by: ApprovedBy = "",
    source: Source = SOURCE,
    published: Published = PUBLISHED,
) -> None:
    """公開を取り下げます。すべての URL が直ちに 410 と理由を返します。"""
    collection_id, _, edition_id = target.partition("@")
    with _reported(), publishing.locked(published):
        release = publishing.withdraw(
            published, collection_id, edition_id or None, reason=reason, approved_by=approved_by
        )
        typer.echo(f"公開 {release.number}: {target} を取り下げました。")


@app.command()
def verify(published: Published = PUBLISHED) -> None:
    """公開中のファイルが公開時と同じか、ハッシュ値で確かめます。"""
    with _reported():
        problems = publishing.verify(published)
        for problem in problems:
            typer.echo(problem, err=True)
        if problems:
            raise typer.Exit(1)
        typer.echo("公開中のファイルは、すべて公開時と同じです。")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="待ち受けるアドレス")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="待ち受けるポート")] = 8000,
    candidate: Annotated[bool, typer.Option("--candidate", help="公開案をこのパソコンだけで確かめる")] = False,
    workers: Annotated[int, typer.Option(help="プロセスの数")] = 1,
    published: Published = PUBLISHED,
) -> None:
    """地図を配信します。--candidate は公開案をこのパソコンだけに見せます。"""
    from tile_server.serve import serve as run_server
    from tile_server.settings import Settings

    with _reported():
        number = newest_candidate(published) if candidate else None
        if candidate and number is None:
            raise PublishingError("公開案がありません。machizu build を実行してください。")
        if candidate and host not in ("127.0.0.1", "localhost", "::1"):
            raise DeclarationError("公開案はこのパソコンの中だけで見せます。--host は指定できません。")
        what = f"公開案 {number} 番（このパソコンだけ）" if candidate else "公開中の地図"
        typer.echo(f"{what}を http://localhost:{port} で配信しています。止めるには Ctrl+C を押してください。")
        run_server(Settings(published=published, candidate=number), host=host, port=port, workers=workers)


def _print_outcome(outcome: Outcome) -> None:
    report = outcome.report
    for section in report.sections:
        shown, rest = first_of_each_kind(section.findings)
        for finding in shown:
            typer.echo(f"{section.title} {section.edition}　{sentence(finding)}")
        if rest:
            typer.echo(
                f"{section.title} {section.edition}　同じ種類の指摘がほかに {rest} 件あります。点検結果を見てください。"
            )
        if outcome.candidate and section.change:
            change = section.change
            typer.echo(
                f"{section.title} {section.edition} 版　{KINDS[change.kind]}　"
                f"追加 {change.added}・削除 {change.removed}・属性 {change.changed}・形 {change.moved}"
            )
    typer.echo(f"点検結果: {outcome.report_path}")
    if outcome.candidate:
        number = outcome.candidate.number
        typer.echo(f"公開案 {number} ができました。確かめるには machizu serve --candidate、")
        typer.echo("公開するには machizu publish --approved-by 決裁番号 を実行してください。")
    elif report.blocking:
        typer.echo(f"直すところが {report.blocking} 件あります。公開中の地図は変わっていません。", err=True)
    else:
        typer.echo(
            "公開をさまたげるところはありません。点検だけを行い、公開案は作っていません。"
            if report.changed
            else "公開中の地図から変わったところはありません。公開案はありません。"
        )


def _day(text: str) -> dt.date:
    """The day of the office's decision; it cannot lie ahead."""
    try:
        day = dt.date.fromisoformat(text) if text else today_in_japan()
    except ValueError as error:
        raise DeclarationError(f"日付「{text}」は YYYY-MM-DD の形で書いてください。") from error
    if day > today_in_japan():
        raise DeclarationError(
            f"決裁の日 {day} はまだ来ていません。--at には決裁の日を書きます。"
            "公開を始める日は、版のフォルダの名前（施行日）で決まります。"
        )
    return day


if __name__ == "__main__":
    main()
