"""`xs-headquarters inside`: who was inside a site, for whom, on what ground, and how certain that is."""

import json
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from headquarters.cli.context import headquarters, instant, shown
from headquarters.installation import utc_now
from headquarters.journal.reading import shown_key
from headquarters.keys import load_sealing_key
from headquarters.muster.disclosure import Disclosure, disclosure, write_down
from headquarters.muster.evidence import Evidence, answered, known_site, read_evidence
from headquarters.muster.inside import Answer, Span, StayInside, summed_up
from terminal.core.journal import EntryKey
from terminal.errors import ConfigurationError

DAY_MS = 24 * 3600 * 1000
MAX_SPAN_DAYS = 31
MAX_LOOK_BACK_DAYS = 180
SHOWN_KEYS = 5


@dataclass(frozen=True, slots=True)
class _Report:
    site: int
    span: Span
    told: Disclosure
    evidence: Evidence
    answer: Answer

    @property
    def is_certain(self) -> bool:
        return not (self.evidence.gaps or self.answer.doubts or any(each.doubts for each in self.answer.stays))


def inside(
    ctx: typer.Context,
    *,
    site: Annotated[int, typer.Option(help="Number of the site.")],
    between: Annotated[tuple[str, str], typer.Option(metavar="FROM TO", help="Such as 2026-09-15T08:00+02:00 each.")],
    ground: Annotated[str, typer.Option(help="assignment, consent or legal-order.")],
    requester: Annotated[str, typer.Option(help="Who asks.")],
    approver: Annotated[str, typer.Option(help="The second person, who approved that he is told.")],
    reference: Annotated[str | None, typer.Option(help="Of the order, or of the written consent.")] = None,
    look_back: Annotated[
        int, typer.Option(min=1, max=MAX_LOOK_BACK_DAYS, help="Days before FROM that are read for who had come in.")
    ] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Tell who was inside a site, and how certain that is; ground, requester and approver are written down first."""
    told = disclosure(ground, reference, requester, approver, by=headquarters(ctx).by)
    span = _span(between, look_back)
    sealing = load_sealing_key(headquarters(ctx).keys.sealing)
    subject = f"{site} from {between[0]} to {between[1]}, read from {_time(span.read_from_ms)} on"
    with headquarters(ctx).database() as database:
        known_site(database, site)
        write_down(database, headquarters(ctx).change(told.shown()), "asked who was inside", subject)
        evidence = read_evidence(database, site, span)
        answer = answered(evidence, span, sealing)
        found = f"{subject}: {len(answer.stays)} stays, {evidence.opened} sealed parts opened"
        write_down(database, headquarters(ctx).change(told.shown()), "told who was inside", found)
    report = _Report(site, span, told, evidence, answer)
    if as_json:
        typer.echo(json.dumps(_as_json(report), indent=2))
    else:
        for line in _lines(report):
            typer.echo(line)


def _span(between: tuple[str, str], look_back_days: int) -> Span:
    begins_ms, ends_ms = (int(instant(text).timestamp() * 1000) for text in between)
    if not begins_ms < ends_ms <= begins_ms + MAX_SPAN_DAYS * DAY_MS:
        raise ConfigurationError(f"--between: FROM comes before TO, and at most {MAX_SPAN_DAYS} days lie between them")
    if ends_ms > utc_now().timestamp() * 1000:
        raise ConfigurationError("--between: TO lies in the future")
    return Span(begins_ms=begins_ms, ends_ms=ends_ms, read_from_ms=max(begins_ms - look_back_days * DAY_MS, 0))


def _lines(report: _Report) -> list[str]:
    span, answer, evidence = report.span, report.answer, report.evidence
    lines = [
        f"Site {report.site}, from {_time(span.begins_ms)} to {_time(span.ends_ms)}",
        f"Ground: {report.told.shown()}",
        "",
        *(f"NOT COMPLETE  {line}" for line in _gaps(report)),
        *(f"NOT CERTAIN   {what} ({len(keys)} times: {_some(keys)})" for what, keys in summed_up(answer.doubts)),
        f"Not looked at: who came in before {_time(span.read_from_ms)} and was not seen since.",
        "",
        f"{len(answer.stays)} stays" + ("" if report.is_certain else ", as far as the journals tell"),
    ]
    for stay in answer.stays:
        lines += _stay_lines(stay, evidence, span)
    return lines


def _stay_lines(stay: StayInside, evidence: Evidence, span: Span) -> list[str]:
    entered = "before" if stay.entered_ms is None else f"{_time(stay.entered_ms)} {stay.entered_at}"
    if stay.left_ms is None:
        left = f"not seen going out by {_time(span.ends_ms)}"
    else:
        left = f"{_time(stay.left_ms)} {stay.left_at}".rstrip()
    who = f"{stay.person.ean}/{stay.person.number}  {evidence.names.get(stay.person.ean, '-')}"
    return [
        f"{'CERTAIN    ' if not stay.doubts else 'NOT CERTAIN'}  {who}  in {entered}  out {left}",
        *(f"    {doubt}" for doubt in stay.doubts),
        f"    evidence: {', '.join(map(shown_key, stay.evidence))}",
    ]


def _gaps(report: _Report) -> list[str]:
    return [
        f"{gap.terminal}: {gap.what}" + ("" if gap.since_ms is None else f", only to {_time(gap.since_ms)}")
        for gap in report.evidence.gaps
    ]


def _as_json(report: _Report) -> dict[str, Any]:
    span, told = report.span, report.told
    return {
        "format": "xs-inside-1",
        "site": report.site,
        "from": _time(span.begins_ms),
        "to": _time(span.ends_ms),
        "read_from": _time(span.read_from_ms),
        "ground": {
            "ground": str(told.ground),
            "reference": told.reference,
            "requester": told.requester,
            "approver": told.approver,
        },
        "certain": report.is_certain,
        "not_complete": _gaps(report),
        "not_certain": [
            {"what": what, "entries": [shown_key(key) for key in keys]}
            for what, keys in summed_up(report.answer.doubts)
        ],
        "stays": [_stay_json(stay, report.evidence) for stay in report.answer.stays],
    }


def _stay_json(stay: StayInside, evidence: Evidence) -> dict[str, Any]:
    return {
        "ean": stay.person.ean,
        "personal_number": stay.person.number,
        "company": evidence.names.get(stay.person.ean),
        "entered": None if stay.entered_ms is None else _time(stay.entered_ms),
        "entered_at": stay.entered_at or None,
        "left": None if stay.left_ms is None else _time(stay.left_ms),
        "left_at": stay.left_at or None,
        "certain": not stay.doubts,
        "doubts": list(stay.doubts),
        "evidence": [shown_key(key) for key in stay.evidence],
    }


def _some(keys: tuple[EntryKey, ...]) -> str:
    more = f" and {len(keys) - SHOWN_KEYS} more" if len(keys) > SHOWN_KEYS else ""
    return ", ".join(map(shown_key, keys[:SHOWN_KEYS])) + more


def _time(ms: int) -> str:
    seconds, rest = divmod(ms, 1000)
    return shown(seconds).replace("Z", f".{rest:03}Z") if rest else shown(seconds)
