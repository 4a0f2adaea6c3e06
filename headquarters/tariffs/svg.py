"""SVG as text: a few shapes, numbers always written alike, everything that is said escaped."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html import escape

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"


class Drawing:
    """A picture that is drawn from back to front; lengths are in pixels."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def rect(self, x: float, y: float, width: float, height: float, *, fill: str, kind: str, said: str = "") -> None:
        """A filled rectangle; `said` is what a person reads who points at it."""
        shape = (
            f'<rect class="{kind}" x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
        )
        self._lines.append(f'{shape} fill="{fill}"' + (f"><title>{plain(said)}</title></rect>" if said else "/>"))

    def line(self, x: float, y: float, to_x: float, to_y: float, *, stroke: str, kind: str, dashes: str = "") -> None:
        """A thin line."""
        ends = f'x1="{number(x)}" y1="{number(y)}" x2="{number(to_x)}" y2="{number(to_y)}"'
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        self._lines.append(f'<line class="{kind}" {ends} stroke="{stroke}"{dashed}/>')

    def polyline(self, points: Iterable[tuple[float, float]], *, stroke: str, kind: str) -> None:
        """A thick line through points."""
        joined = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        self._lines.append(
            f'<polyline class="{kind}" points="{joined}" fill="none" stroke="{stroke}" stroke-width="2.5"/>'
        )

    def triangle(self, x: float, y: float, *, fill: str, kind: str, said: str) -> None:
        """A small mark that points down at (x, y)."""
        corners = f"{number(x)},{number(y)} {number(x - 5)},{number(y - 9)} {number(x + 5)},{number(y - 9)}"
        self._lines.append(
            f'<polygon class="{kind}" points="{corners}" fill="{fill}"><title>{plain(said)}</title></polygon>'
        )

    def text(
        self, x: float, y: float, said: str, *, kind: str, size: int = 12, anchor: str = "start", fill: str = "#333"
    ) -> None:
        """A line of text; (x, y) is on its base line."""
        place = f'x="{number(x)}" y="{number(y)}" font-size="{size}" text-anchor="{anchor}" fill="{fill}"'
        self._lines.append(f'<text class="{kind}" {place}>{plain(said)}</text>')

    @contextmanager
    def group(self, name: str) -> Iterator[None]:
        """What is drawn within belongs together."""
        self._lines.append(f'<g id="{name}">')
        yield
        self._lines.append("</g>")

    def document(self, width: int, height: int, title: str, description: str) -> str:
        """The whole file."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img" aria-labelledby="title description" font-family="{FONT}">'
        )
        names = f'<title id="title">{plain(title)}</title>\n<desc id="description">{plain(description)}</desc>'
        paper = f'<rect width="{width}" height="{height}" fill="#fff"/>'
        return "\n".join((head, names, paper, *self._lines, "</svg>")) + "\n"


def number(value: float) -> str:
    """At most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def plain(said: str) -> str:
    """Safe between tags and in an attribute; what XML cannot hold is a question mark."""
    return escape(_NO_XML.sub("?", said))
