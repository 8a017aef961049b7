"""The command `argus-server plan`."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer


def plan(  # noqa: PLR0917 (options, which Typer gives by name)
    jobs: Annotated[int, typer.Option(help="Jobs that run at the same time, each a process of its own.")],
    metrics: Annotated[int, typer.Option(help="Numbers that a job reports each time.")] = 10,
    interval: Annotated[str, typer.Option(help="How often it reports, such as 10s, 500ms, 1m.")] = "10s",
    hosts: Annotated[int | None, typer.Option(help="Machines with an agent; otherwise one for eight jobs.")] = None,
    viewers: Annotated[int | None, typer.Option(help="Pages that are open; otherwise one for a hundred jobs.")] = None,
    retention: Annotated[float, typer.Option(help="Days that raw epoch events are kept.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What a number of live jobs needs: processors, replicas, disk, bus, network, and what gives way first."""
    from argus_standalone.capacity import show
    from argus_standalone.capacity.costs import measured
    from argus_standalone.capacity.load import InvalidLoadError, Load
    from argus_standalone.capacity.model import needs

    try:
        load = Load.of(jobs, metrics, interval, hosts, viewers, retention)
    except InvalidLoadError as error:
        typer.echo(f"No plan can be made.\n{error}", err=True)
        sys.exit(2)
    costs = measured()
    found = needs(load, costs)
    if as_json:
        typer.echo(json.dumps(show.as_json(found, costs.measured), indent=1))
    else:
        typer.echo(show.report(found, costs.measured))
