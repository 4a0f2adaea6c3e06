"""The checker: acts that were made and what the boards did, against what headquarters has, as multisets.

    lost       promised by the gate, or moved by the boom, and nowhere in headquarters' journals
    doubled    one act, one outcome or one end of a passage, and more than one entry of it
    invented   an entry without its cause: no such act, no such intent, an opening that the board never saw
    wrong      whatever else must hold: roots, signatures, bytes as the terminal has them, nothing moved unwritten

An act that the gate did not live to answer, or answered without naming an entry, and on whose account nothing moved,
may be there once or not at all: `of nothing`. An act on a terminal whose old image was brought back may be `aside`, or
`reported` as lost by headquarters itself; both are counted, and neither is lost in silence.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from terminal.core.journal import BY_ORDER, INTENT, SETTLES, EntryKey, Kind
from tests.storm.acts import Act
from tests.storm.findings import Findings, Found

Where = tuple[str, int | None, str]
"""Terminal, lane and mark: a card is laid once on each lane, an order given once."""


@dataclass
class Verdict:
    """What the checker found; `good` when nothing is lost, doubled, invented or wrong."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.invented or self.wrong)

    def __str__(self) -> str:
        names = ("lost", "doubled", "invented", "wrong")
        return ", ".join(f"{name} {len(getattr(self, name))}" for name in names)


def check(
    acts: Sequence[Act],
    traces: Mapping[str, Iterable[Mapping[str, Any]]],
    starts: Mapping[str, int],
    restored: AbstractSet[str],
    found: Findings,
) -> Verdict:
    """Hold `found` against the truth.

    `traces`: of the boards; `starts`: how often each gate was started; `restored`: whose old image was brought back.
    """
    verdict = Verdict()
    moved = _moved(acts, traces, verdict)
    causes = _Causes(found.entries)
    of_acts = {(act.terminal, act.lane, act.mark) for act in acts}
    judge = _Judge(moved, causes, _by_act(found.aside), restored, found, verdict)
    for act in acts:
        _act(act, judge)
    _without_a_card(acts, causes, verdict)
    for where, entries in causes.of_act.items():
        if where not in of_acts:
            verdict.invented += [
                f"{_name(entry)}: {entry.record.kind} of {where[2]}, who was not there" for entry in entries
            ]
    _what_follows(causes, restored, verdict)
    _starts(found.entries, starts, verdict)
    for report in found.reports:
        verdict.wrong += [f"{report.terminal}/{report.epoch.hex()}: {mistake}" for mistake in report.mistakes]
        verdict.counts["reported lost"] += sum(map(len, report.lost))
        verdict.counts["put aside by headquarters"] += report.put_aside
        verdict.counts["never proven"] += report.beyond
        if report.terminal not in restored and (report.lost or report.put_aside or report.beyond):
            verdict.wrong.append(
                f"{report.terminal}: something lost, put aside or not proven, and no old image came back"
            )
    verdict.wrong += [f"{each}: not at headquarters as the terminal has it" for each in found.different]
    verdict.counts["entries"] = len(found.entries)
    verdict.counts["acts"] = len(acts)
    return verdict


class _Causes:
    """Headquarters' entries by what caused them."""

    def __init__(self, entries: Iterable[Found]) -> None:
        self.of_act: defaultdict[Where, list[Found]] = defaultdict(list, _by_act(entries))
        self.by_key = {entry.key: entry for entry in entries}
        self.settling: defaultdict[EntryKey, list[Found]] = defaultdict(list)
        """Outcomes and results, by the intent or order that they settle."""
        self.passages: defaultdict[EntryKey, list[Found]] = defaultdict(list)
        self.strangers = 0
        self.unmarked: set[EntryKey] = set()
        """Taps whose card was not read, as long as no rules are in force."""
        for entry in entries:
            public, kind = entry.record.public, entry.record.kind
            if kind is Kind.PASSAGE:
                number = public.get(INTENT, public.get(BY_ORDER))
                if isinstance(number, int):
                    self.passages[_same_epoch(entry, number)].append(entry)
                else:
                    self.strangers += 1
            elif isinstance(number := public.get(INTENT, public.get(SETTLES)), int):
                self.settling[_same_epoch(entry, number)].append(entry)
            elif kind is Kind.TAP_OUTCOME and entry.mark is None:
                self.unmarked.add(entry.key)

    def promised(self, act: Act) -> Found | None:
        """The entry that the gate named, of a tap whose card it did not read."""
        if act.epoch is None or act.promised is None:
            return None
        key = EntryKey(act.terminal, bytes.fromhex(act.epoch), act.promised)
        entry = self.by_key.get(key) if key in self.unmarked else None
        return entry if entry is not None and entry.record.lane == act.lane else None


def _by_act(entries: Iterable[Found]) -> dict[Where, list[Found]]:
    of_act: dict[Where, list[Found]] = {}
    for entry in entries:
        if entry.mark is not None:
            of_act.setdefault((entry.key.terminal, entry.record.lane, entry.mark), []).append(entry)
    return of_act


def _same_epoch(entry: Found, number: int) -> EntryKey:
    return EntryKey(entry.key.terminal, entry.key.epoch, number)


def _moved(
    acts: Sequence[Act], traces: Mapping[str, Iterable[Mapping[str, Any]]], verdict: Verdict
) -> Mapping[int, int]:
    """How often the boom was told to open while each act was the last one at its lane."""
    moved: Counter[int] = Counter()
    lanes: defaultdict[tuple[str, int], list[Act]] = defaultdict(list)
    for act in acts:
        lanes[act.terminal, act.lane].append(act)
    for (terminal, lane), here in lanes.items():
        pulses = [
            line["monotonic_ns"]
            for line in traces[terminal]
            if line["lane"] == lane and line["what"] == "output" and line["name"] == "open" and line["on"]
        ]
        verdict.counts["openings"] += len(pulses)
        here.sort(key=lambda act: act.began_ns)
        if pulses and pulses[0] < here[0].began_ns:
            verdict.invented.append(f"{terminal} lane {lane}: the boom was opened before anybody came")
        ends_ns = [act.began_ns for act in here[1:]] + [float("inf")]
        for act, until_ns in zip(here, ends_ns, strict=True):
            moved[act.number] = sum(act.began_ns <= pulse < until_ns for pulse in pulses)
    return moved


@dataclass(frozen=True)
class _Judge:
    """What an act is judged by."""

    moved: Mapping[int, int]
    causes: _Causes
    aside: Mapping[Where, Sequence[Found]]
    restored: AbstractSet[str]
    found: Findings
    verdict: Verdict


def _act(act: Act, by: _Judge) -> None:
    verdict, moved = by.verdict, by.moved.get(act.number, 0)
    where = (act.terminal, act.lane, act.mark)
    entries = by.causes.of_act.get(where) or [each for each in (by.causes.promised(act),) if each]
    told = f"act {act.number} ({act.what}, {act.terminal} lane {act.lane})"
    if len(entries) > 1:
        verdict.doubled.append(f"{told}: {', '.join(map(_name, entries))}")
    if moved > 1:
        verdict.invented.append(f"{told}: the boom was opened {moved} times")
    if entries:
        entry = entries[0]
        verdict.counts["acts arrived"] += 1
        if act.promised is not None and (act.epoch, act.promised) != (entry.key.epoch.hex(), entry.key.sequence):
            verdict.wrong.append(f"{told}: promised as {act.epoch}/{act.promised}, and is {_name(entry)}")
        if not moved and any(
            each.record.public.get("result") == "opened" for each in by.causes.settling.get(entry.key, ())
        ):
            verdict.invented.append(f"{told}: {_name(entry)} is said to have opened a boom that did not move")
        if moved and entry.record.kind not in {Kind.TAP_INTENT, Kind.ORDER}:
            verdict.wrong.append(f"{told}: the boom was opened, and {_name(entry)} says that it was not to be")
        return
    if act.promised is None and not moved:
        verdict.counts[f"acts of nothing, {act.why}"] += 1
    elif act.terminal in by.restored and where in by.aside:
        verdict.counts["acts aside"] += 1
    elif act.promised is not None and by.found.reported_lost(act.terminal, str(act.epoch), act.promised):
        verdict.counts["acts reported lost"] += 1
    else:
        verdict.lost.append(f"{told}: promised as {act.epoch}/{act.promised}, opened {moved} times")


def _without_a_card(acts: Sequence[Act], causes: _Causes, verdict: Verdict) -> None:
    """Those that no answer named are at most as many as taps at that lane without an answer."""
    named = {entry.key for act in acts if (entry := causes.promised(act)) is not None}
    silent = Counter((act.terminal, act.lane) for act in acts if act.promised is None)
    for key in sorted(causes.unmarked - named, key=lambda each: (each.terminal, each.sequence)):
        entry = causes.by_key[key]
        silent[key.terminal, entry.record.lane or 0] -= 1
        if silent[key.terminal, entry.record.lane or 0] < 0:
            verdict.invented.append(f"{_name(entry)}: the outcome of a tap that nobody made")


def _what_follows(causes: _Causes, restored: AbstractSet[str], verdict: Verdict) -> None:
    """Each intent and order has one outcome and at most one passage; none of these stands alone."""
    for entries in causes.of_act.values():
        for entry in entries:
            kind = entry.record.kind
            if kind is Kind.TAP_INTENT or (kind is Kind.ORDER and "result" not in entry.record.public):
                _outcome(entry, causes, restored, verdict)
    for what, by_cause in (("outcome", causes.settling), ("passage", causes.passages)):
        for cause, entries in by_cause.items():
            if len(entries) > 1:
                verdict.doubled.append(f"{what} of {cause.sequence}: {', '.join(map(_name, entries))}")
            if (parent := causes.by_key.get(cause)) is None or parent.record.kind not in {Kind.TAP_INTENT, Kind.ORDER}:
                verdict.invented.append(f"{_name(entries[0])}: the {what} of nothing")
    verdict.counts["passages of nobody"] += causes.strangers


def _outcome(entry: Found, causes: _Causes, restored: AbstractSet[str], verdict: Verdict) -> None:
    outcomes = causes.settling.get(entry.key, ())
    if not outcomes:
        # An old image knows nothing of what was open when it was brought back.
        if entry.key.terminal in restored:
            verdict.counts["outcomes gone with a disk"] += 1
        else:
            verdict.lost.append(f"{_name(entry)}: its outcome")
        return
    result = outcomes[0].record.public.get("result")
    verdict.counts[f"{entry.record.kind} {result}"] += 1
    if entry.record.kind is Kind.TAP_INTENT and result == "opened" and entry.key not in causes.passages:
        if entry.key.terminal in restored:
            verdict.counts["outcomes gone with a disk"] += 1
        else:
            verdict.lost.append(f"{_name(entry)}: the end of its passage")


def _starts(entries: Iterable[Found], starts: Mapping[str, int], verdict: Verdict) -> None:
    """A start is told once by each process that got so far; twice by one that ends an epoch."""
    told = Counter(entry.key.terminal for entry in entries if entry.record.kind is Kind.START)
    epochs = Counter(entry.key.terminal for entry in entries if entry.record.kind is Kind.EPOCH)
    for terminal, count in told.items():
        if count > starts[terminal] + epochs[terminal]:
            verdict.invented.append(f"{terminal}: {count} starts told, of {starts[terminal]}")
    verdict.counts["epochs begun anew"] += epochs.total()


def _name(entry: Found) -> str:
    return f"{entry.key.terminal}/{entry.key.epoch.hex()}/{entry.key.sequence}"
