"""The driver's screen as HTML: a whole page once, then the inner part of it for each screen that comes.

Everything a page needs comes with it: pictograms are part of the document, stylesheet and script are named by their
content. Nothing is inline that a content security policy would have to allow.
"""

from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from terminal.web.driver.faces import Face, Screen
from terminal.web.driver.wording import Worded, worded
from terminal.web.rendering import named
from terminal.words.catalogues import DRIVER, words

_ASSETS = files(__package__) / "assets"


class DriverPages:
    """Makes pages and their parts; `stylesheet` and `script` are served at `stylesheet_path` and `script_path`."""

    def __init__(self, screen_mm: int) -> None:
        """`screen_mm`: how wide the picture is, in millimetres."""
        self.stylesheet = f":root {{ --screen-mm: {screen_mm}; }}\n".encode() + _read("driver.css").encode()
        self.script = _read("driver.js").encode()
        self.stylesheet_path = named("driver", self.stylesheet, "css")
        self.script_path = named("driver", self.script, "js")
        self._pictograms = Markup(_read("pictograms.svg"))  # noqa: S704 - our own file
        templates = {name: _read(name) for name in ("driver.html", "screen.html")}
        self._templates = Environment(
            loader=DictLoader(templates),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            auto_reload=False,
        )

    def page(self, screen: Screen, where: str) -> str:
        """The whole document; its events are at `where`/events."""
        lost = Screen(face=Face.OUT_OF_SERVICE, language=screen.language, side=screen.side, contact=screen.contact)
        return self._templates.get_template("driver.html").render(
            face=screen.face.value,
            language=screen.language,
            worded=self._worded(screen),
            stylesheet=self.stylesheet_path,
            script=self.script_path,
            where=where,
            lost=Markup(self.fragment(lost)),  # noqa: S704 - escaped already
            pictograms=self._pictograms,
        )

    def fragment(self, screen: Screen) -> str:
        """What stands in `<main>`."""
        template = self._templates.get_template("screen.html")
        return template.render(face=screen.face.value, worded=self._worded(screen))

    def message(self, screen: Screen) -> dict[str, Any]:
        """What a browser is sent for it."""
        tone = screen.face.tone
        return {
            "face": screen.face.value,
            "language": screen.language,
            "tone": tone and tone.value,
            "html": self.fragment(screen),
        }

    def _worded(self, screen: Screen) -> Worded:
        return worded(screen, words(screen.language, DRIVER))


def _read(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")
