"""The guard's page as HTML: a whole page, and its parts for what changes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import DictLoader, Environment, StrictUndefined

from terminal.accounts.roles import Right
from terminal.core.barrier_words import GuardOrder, Phase, Side
from terminal.web.guard import phrases
from terminal.web.guard.events import Event
from terminal.web.guard.forms import key_of
from terminal.web.guard.glance import Item, kept
from terminal.web.now import Now
from terminal.web.rendering import named
from terminal.words.catalogues import GUARD, Words, words
from terminal.words.services import service

_ASSETS = files(__package__) / "assets"
_TEMPLATES = ("page.html", "login.html", "message.html", "glance.html", "lane.html", "services.html", "alarms.html")
OPEN_PHASES = frozenset({Phase.OPEN, Phase.PASSING, Phase.HELD_OPEN, Phase.EMERGENCY_OPEN, Phase.FAULT_CLOSE})
MOVING = frozenset({Phase.OPENING, Phase.CLOSING, Phase.FORCED, Phase.UNKNOWN, Phase.BOOT})
MOST_OWED = 3
"""Vehicles that are drawn; more are told in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Whoever is logged in, as the page needs him. `once` is a number that counts for one form."""

    name: str
    full_name: str
    role: str
    language: str
    rights: frozenset[Right]
    csrf: str = field(repr=False)
    once: str = field(repr=False)


class GuardPages:
    """Makes pages and their parts; `stylesheet` and `script` are served at `stylesheet_path` and `script_path`."""

    def __init__(self) -> None:
        self.stylesheet = _read("guard.css").encode()
        self.script = _read("guard.js").encode()
        self.stylesheet_path = named("guard", self.stylesheet, "css")
        self.script_path = named("guard", self.script, "js")
        self._templates = Environment(
            loader=DictLoader({name: _read(name) for name in (*_TEMPLATES, "event.html", "base.html")}),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def login(self, language: str, *, csrf: str, name: str = "", said: str | None = None) -> str:
        """The form of a log-in; `said` is what went wrong, in that language."""
        return self._made("login.html", language, csrf=csrf, name=name, said=said)

    def message(self, language: str, headline: str, sentence: str) -> str:
        """A page that says one thing, and leads back."""
        return self._made("message.html", language, headline=headline, sentence=sentence)

    def page(
        self,
        now: Now,
        who: Who,
        *,
        items: Sequence[Item],
        events: Sequence[Event],
        last: str,
        said: tuple[str, str] | None,
    ) -> str:
        """The whole page. `last` names the newest event, from which its stream goes on; `said` is a tone and a line."""
        return self._made(
            "page.html",
            who.language,
            who=who,
            terminal=now.terminal or "",
            site=(now.site or {}).get("name", ""),
            glance=self.glance(items, who.language),
            lanes=[self.lane(now, number, who.language) for number in sorted(now.lanes)],
            kept={number: " ".join(lane["kept"]) for number, lane in now.lanes.items()},
            orders=[(number, self._orders(now, number, who)) for number in sorted(now.lanes)],
            services=self.services(now, who.language),
            alarms=self.alarms(now, who.language),
            events=[self.event(each, now, who.language) for each in reversed(events)],
            last=last,
            said=said,
        )

    def glance(self, items: Iterable[Item], language: str) -> str:
        """The strip on top."""
        return self._made("glance.html", language, items=items)

    def lane(self, now: Now, number: int, language: str) -> str:
        """One lane, drawn from above, with what there is to say of it."""
        lane = now.lanes[number]
        spoken = words(language, GUARD)
        phase = Phase(lane["phase"])
        way = phrases.DIRECTIONS[lane["direction"]]
        contacts = {name: on for name, on in lane["contacts"].items() if name in phrases.CONTACTS}
        readers = [each for each in now.readers.values() if each["at"] == number]
        return self._made(
            "lane.html",
            language,
            number=number,
            lane=lane,
            zone=(now.site or {}).get("zones", {}).get(str(number), ""),
            direction=spoken.gettext(way),
            phase=spoken.gettext(phrases.PHASES[phase]),
            boom="off"
            if phase is Phase.ARM_OFF
            else "up"
            if phase in OPEN_PHASES
            else "half"
            if phase in MOVING
            else "down",
            contacts=contacts,
            told=[spoken.gettext(phrases.CONTACTS[name]) for name, on in contacts.items() if on],
            trucks=range(min(lane["owed"], MOST_OWED)),
            kept=kept(lane["kept"], spoken),
            dead=[each["reader"] for each in readers if each["state"] != "ready"],
        )

    def services(self, now: Now, language: str) -> str:
        """The service points, each in a line."""
        spoken = words(language, GUARD)
        points = [
            (number, point, service(spoken, point["what"]) if point["on"] else "")
            for number, point in sorted(now.services.items())
        ]
        return self._made("services.html", language, points=points)

    def alarms(self, now: Now, language: str) -> str:
        """All alarms that stand; those that nobody has seen to first."""
        spoken = words(language, GUARD)
        order = sorted(now.alarms, key=lambda alarm: (alarm in now.acknowledged, str(alarm)))
        told = [
            (phrases.alarm(spoken, alarm[0]), alarm[1], alarm[2], key_of(alarm), alarm in now.acknowledged)
            for alarm in order
        ]
        return self._made("alarms.html", language, alarms=told)

    def event(self, event: Event, now: Now, language: str) -> str:
        """One line of what happened; its time is the site's."""
        zone = ZoneInfo(now.site["time_zone"]) if now.site else UTC
        at = datetime.fromtimestamp(event.at_ms / 1000, UTC).astimezone(zone)
        return self._made("event.html", language, event=event, time=f"{at:%H:%M:%S}", day=f"{at:%d-%m}")

    def _orders(self, now: Now, number: int, who: Who) -> list[dict[str, Any]]:
        """The orders that whoever is logged in may give; each side of a lane opens apart.

        Those that make no sense now are hidden by the page, which knows it sooner.
        """
        lane = now.lanes[number]
        spoken = words(who.language, GUARD)
        sides = [side for side in Side if lane["direction"] in {side.value, "both"}]
        offered = []
        for order in GuardOrder:
            if Right(order.value) in who.rights:
                for side in sides if order is GuardOrder.OPEN and len(sides) > 1 else [None]:
                    words_ = spoken.gettext(phrases.ORDERS[order])
                    said = f"{words_}, {spoken.gettext(phrases.SIDES[side])}" if side else words_
                    offered.append({"order": order.value, "side": side.value if side else "", "words": said})
        return offered

    def _made(self, template: str, language: str, **values: Any) -> str:
        spoken: Words = words(language, GUARD)
        return self._templates.get_template(template).render(
            _=spoken.gettext,
            gettext=spoken.gettext,
            language=spoken.language,
            stylesheet=self.stylesheet_path,
            script=self.script_path,
            **values,
        )


def _read(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")
