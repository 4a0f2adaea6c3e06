"""`xs-terminal order` and `xs-terminal state`: ask the gate that runs on this machine, over its local socket."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Annotated, Any

import typer

from firmware_config.configuration import read_gate
from firmware_config.mistakes import ConfigurationMistakes
from terminal.core.barrier_words import GuardOrder, Side
from terminal.edges.local_client import NoAnswer, NotAsked, ask

REFUSED, UNKNOWN, NO_GATE, NOT_ALLOWED, BAD_CONFIGURATION = 1, 3, 69, 77, 78
"""Exit codes; the last three as in sysexits.h."""
USUAL = Path("/etc/xs-terminal/gate.toml")

Config = Annotated[
    Path, typer.Option("--config", metavar="GATE.TOML", readable=False, help="Configuration that names the socket.")
]
Socket = Annotated[Path | None, typer.Option("--socket", metavar="PATH", help="The socket itself, in its place.")]
AsJson = Annotated[bool, typer.Option("--json", help="The gate's answer as it came: one JSON object.")]


def order(
    what: Annotated[GuardOrder, typer.Argument(metavar="ORDER", help=", ".join(GuardOrder))],
    lane: Annotated[int, typer.Option(min=1, max=255, help="Number of the lane.")],
    reason: Annotated[str, typer.Option(help="Why: 3 to 200 characters. Only headquarters can read it back.")],
    *,
    side: Annotated[Side | None, typer.Option(help="Which way, where a lane is driven both ways.")] = None,
    sure: Annotated[bool, typer.Option("--sure", help="Lock the last lane out as well.")] = False,
    config: Config = USUAL,
    socket: Socket = None,
    as_json: AsJson = False,
) -> None:
    """Give a lane an order. It is written down before anything moves.

    Exit code: 0 carried out, 1 refused and nothing moved, 3 not known what was done, 69 no gate, 77 not allowed,
    78 the configuration has mistakes.
    """
    request: dict[str, Any] = {"ask": "order", "id": token_hex(8), "order": what.value, "lane": lane, "reason": reason}
    if side is not None:
        request["side"] = side.value
    if sure:
        request["sure"] = True
    answer = _ask(request, config, socket)
    if as_json:
        typer.echo(json.dumps(answer))
    else:
        _tell_order(answer)
    raise typer.Exit(_exit_code(answer))


def state(*, config: Config = USUAL, socket: Socket = None, as_json: AsJson = False) -> None:
    """Tell how every lane is, and which alarms stand. Exit code as with `order`."""
    answer = _ask({"ask": "state"}, config, socket)
    if as_json:
        typer.echo(json.dumps(answer))
    elif "lanes" in answer:
        for line in _lines(answer):
            typer.echo(line)
    else:
        _tell_order(answer)
    if "lanes" not in answer:
        raise typer.Exit(_exit_code(answer))


def _ask(request: Mapping[str, Any], config: Path, socket: Path | None) -> dict[str, Any]:
    try:
        path = socket or read_gate(config).socket.path
        return ask(path, {"version": 1, **request})
    except ConfigurationMistakes as error:
        for mistake in error.mistakes:
            typer.echo(f"xs-terminal: {mistake}", err=True)
        typer.echo("xs-terminal: nothing was asked; --config names another file, --socket the socket itself", err=True)
        raise typer.Exit(BAD_CONFIGURATION) from None
    except NotAsked as error:
        typer.echo(f"xs-terminal: nothing was done: {error}", err=True)
        raise typer.Exit(NO_GATE) from None
    except NoAnswer as error:
        typer.echo(f"xs-terminal: {error}", err=True)
        raise typer.Exit(UNKNOWN) from None


def _exit_code(answer: Mapping[str, Any]) -> int:
    match answer:
        case {"result": "obeyed"}:
            return 0
        case {"result": "refused", "why": "not-allowed"}:
            return NOT_ALLOWED
        case {"result": "refused"}:
            return REFUSED
        case _:
            return UNKNOWN


def _tell_order(answer: Mapping[str, Any]) -> None:
    entry = f" (journal entry {answer['sequence']})" if "sequence" in answer else ""
    done = answer.get("result") == "obeyed"
    typer.echo(f"{'' if done else 'xs-terminal: '}{answer.get('say', answer)}{entry}", err=not done)


def _goes_on(service: Mapping[str, Any]) -> str:
    if not service["on"]:
        return "off"
    ends = datetime.fromtimestamp(service["ends_ms"] / 1000, UTC).isoformat(timespec="seconds")
    taken = f", {service['thousandths'] / 1000:.3f} {service['unit']} taken" if "unit" in service else ""
    return f"on for {service['what']} until {ends} at the latest{taken}"


def _lines(answer: Mapping[str, Any]) -> list[str]:
    lines = []
    for lane in answer["lanes"]:
        contacts = ", ".join(contact for contact, on in lane["contacts"].items() if on) or "none"
        kept = f"; kept: {', '.join(lane['kept'])}" if lane["kept"] else ""
        lines.append(
            f"lane {lane['lane']} ({lane['direction']}): {lane['phase']}, light {lane['light']}, {lane['owed']} owed;"
            f" contacts on: {contacts}{kept}"
        )
    for service in answer["services"]:
        board = "" if service["has_board"] else "no board, "
        lines.append(f"service {service['service']}: {board}{_goes_on(service)}")
    for alarm in answer["alarms"]:
        where = f", lane {alarm['lane']}" if alarm["lane"] else ""
        about = f" ({alarm['about']})" if alarm["about"] else ""
        lines.append(f"alarm {alarm['alarm']}{where}{about}")
    return lines
