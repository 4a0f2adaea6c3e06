"""`xs-headquarters site` and `xs-headquarters visit`."""

from pathlib import Path
from typing import Annotated

import typer

from headquarters.cli.context import Why, document, headquarters, instant
from headquarters.sites import plain_policy
from terminal.core.policy import Visit
from terminal.errors import ConfigurationError
from terminal.trust.documents import POLICY

site_app = typer.Typer(no_args_is_help=True, help="Sites and their signed documents.")
visit_app = typer.Typer(no_args_is_help=True, help="Pre-notified visits of companies; no persons.")


@site_app.command("add")
def site_add(
    ctx: typer.Context,
    number: int,
    *,
    name: Annotated[str | None, typer.Option(help="Its name, for a site without a policy file yet.")] = None,
    time_zone: Annotated[str, typer.Option(help="IANA name; likewise.")] = "Europe/Amsterdam",
    policy: Annotated[Path | None, typer.Option(help="The policy file; says name and time zone itself.")] = None,
    why: Why = "",
) -> None:
    """Register a site, by its policy file or with one zone, one lane and every default."""
    if (policy is None) == (name is None):
        raise ConfigurationError("say either --policy, or --name and --time-zone")
    if policy is not None:
        rules = POLICY.parse(document(policy))
    else:
        rules = POLICY.parse(POLICY.dump(plain_policy(number, name or "", time_zone)))
    if rules.site != number:
        raise ConfigurationError(f"{policy}: is for site {rules.site}, not {number}; nothing was changed")
    with headquarters(ctx).sites() as sites:
        sites.add(rules, headquarters(ctx).change(why))
    typer.echo(f"site {number} added; publish makes its repository")


@site_app.command("policy")
def site_policy(ctx: typer.Context, number: int, file: Path, why: Why = "") -> None:
    """Replace the policy of a site; a file with mistakes changes nothing."""
    with headquarters(ctx).sites() as sites:
        sites.set_policy(number, document(file), headquarters(ctx).change(why))
    typer.echo(f"site {number}: policy replaced; publish brings it to the gates")


@site_app.command("tariffs")
def site_tariffs(ctx: typer.Context, number: int, file: Path, why: Why = "") -> None:
    """Replace the tariffs of a site; a file with mistakes changes nothing."""
    with headquarters(ctx).sites() as sites:
        sites.set_tariffs(number, document(file), headquarters(ctx).change(why))
    typer.echo(f"site {number}: tariffs replaced; publish brings them to the gates")


@site_app.command("company")
def site_company(ctx: typer.Context, number: int, ean: str, why: Why = "") -> None:
    """Make a company's name known at a site; visitors and payers are known by themselves."""
    with headquarters(ctx).sites() as sites:
        sites.add_company(number, ean, headquarters(ctx).change(why))
    typer.echo(f"site {number}: company {ean} known; publish brings it to the gates")


@site_app.command("list")
def site_list(ctx: typer.Context) -> None:
    """Show all sites: number, time zone, name."""
    with headquarters(ctx).sites() as sites:
        for record in sites.all():
            policy = POLICY.parse(record.policy)
            typer.echo(f"{record.site:>10}  {policy.time_zone}  {policy.name}")


@visit_app.command("add")
def visit_add(
    ctx: typer.Context,
    site: int,
    reference: str,
    *,
    ean: Annotated[str, typer.Option(help="EAN of the company that comes.")],
    begins: Annotated[str, typer.Option("--from", help="Such as 2026-09-15T08:00+02:00.")],
    ends: Annotated[str, typer.Option("--to", help="Likewise.")],
    zone: Annotated[int | None, typer.Option(help="One zone only.")] = None,
    why: Why = "",
) -> None:
    """Pre-notify a visit."""
    visit = Visit(reference=reference, ean=ean, zone=zone, begins=instant(begins), ends=instant(ends))
    with headquarters(ctx).sites() as sites:
        sites.add_visit(site, visit, headquarters(ctx).change(why))
    typer.echo(f"visit {reference} at site {site} added; publish brings it to the gates")


@visit_app.command("list")
def visit_list(ctx: typer.Context, site: int) -> None:
    """Show the visits of a site: reference, EAN, zone, window."""
    with headquarters(ctx).sites() as sites:
        for visit in sites.visits(site):
            zone = "any" if visit.zone is None else visit.zone
            typer.echo(
                f"{visit.reference}  {visit.ean}  zone {zone}  {visit.begins.isoformat()}  {visit.ends.isoformat()}"
            )


@visit_app.command("remove")
def visit_remove(ctx: typer.Context, site: int, reference: str, why: Why = "") -> None:
    """Take a visit back."""
    with headquarters(ctx).sites() as sites:
        sites.remove_visit(site, reference, headquarters(ctx).change(why))
    typer.echo(f"visit {reference} at site {site} removed; publish brings it to the gates")
