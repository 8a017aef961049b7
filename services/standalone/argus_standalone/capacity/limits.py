"""What gives way first: parts that more replicas do not help, each with what one of it bears and what to do then."""

from __future__ import annotations

from typing import Final, NamedTuple

from argus_standalone.capacity.model import BUSY, Needs

# One large machine for PostgreSQL, and what NATS and the gateway have: our assumptions, printed with every plan.
DATABASE_CORES: Final = 32
DATABASE_DISK: Final = 8e12
DATABASE_LOG_S: Final = 200e6
DATABASE_CONNECTIONS: Final = 1_000
BUS_CORES: Final = 4
GATEWAY_CORES: Final = 8
LINE_S: Final = 1.25e9


class Limit(NamedTuple):
    """`share` of what one of it bears; above 1 it does not."""

    name: str
    share: float
    used: str
    advice: str

    @property
    def verdict(self) -> str:
        """In one word."""
        if self.share > 1:
            return "too much"
        return "near" if self.share > BUSY else "fits"


def limits(needs: Needs) -> list[Limit]:
    """All of them, the one that gives way first in front."""
    cores = {name: part.cores for name, part in needs.parts.items()}
    disk = needs.raw_bytes + needs.curve_bytes_a_year
    found = [
        _cores(
            "database-cores", cores["postgres"], DATABASE_CORES * BUSY, "A larger machine; then Citus by batch_key."
        ),
        _bytes("database-disk", disk, DATABASE_DISK, "Keep raw events for fewer days, report more seldom; then Citus."),
        _bytes("database-log", needs.wal_bytes_s, DATABASE_LOG_S, "Quicker disks, wal_compression; then Citus.", "/s"),
        Limit(
            "database-connections",
            needs.connections / DATABASE_CONNECTIONS,
            f"{needs.connections:,} of {DATABASE_CONNECTIONS:,}",
            "Lower ARGUS_DB_POOL_SIZE, or larger replicas in place of many; then Citus.",
        ),
        _cores("bus-cores", cores["nats-server"], BUS_CORES * BUSY, "Partition the stream by subject."),
        _cores("gateway-cores", cores["traefik"], GATEWAY_CORES * BUSY, "More gateways behind one address."),
        _bytes("line", needs.in_bytes_s + needs.out_bytes_s, LINE_S, "More gateways with lines of their own.", "/s"),
        _cores("hearing", needs.alone["hearing"], BUSY, "Realtime reads only what is looked at; partition the stream."),
        _cores("merging", needs.alone["merging"], BUSY, "Report fewer numbers, or more seldom."),
    ]
    return sorted(found, key=lambda limit: -limit.share)


def _cores(name: str, used: float, most: float, advice: str) -> Limit:
    return Limit(name, used / most, f"{used:.2f} of {most:.1f} cores", advice)


def _bytes(name: str, used: float, most: float, advice: str, unit: str = "") -> Limit:
    return Limit(name, used / most, f"{size(used)}{unit} of {size(most)}{unit}", advice)


def size(count: float) -> str:
    """Bytes for people, in powers of ten as disks are sold."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            break
        count /= 1000
    return f"{count:.0f} {unit}" if count >= 100 or unit == "B" else f"{count:.1f} {unit}"
