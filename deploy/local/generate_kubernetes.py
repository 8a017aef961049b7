"""Kubernetes: what runs (`workloads`), who may speak to whom (`network`), and Traefik's routes (`routes`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from generate_images import served
from stack_layout import SERVICES, WORKERS
from versions import current

ROOT = Path(__file__).resolve().parents[2]
BASE = "deploy/k8s/base"
PORT = 8000
PART = {"app.kubernetes.io/part-of": "argus"}
Manifest = dict[str, Any]


def files() -> Iterator[tuple[str, str]]:
    """Name and text of each file, without its first line."""
    for name, documents in (("workloads", workloads()), ("network", network()), ("routes", routes())):
        yield f"{BASE}/{name}.yaml", yaml.safe_dump_all(list(documents), sort_keys=False, width=120)


def workloads() -> Iterator[Manifest]:
    """A Deployment for each service and worker; what answers requests has a Service, a budget and an autoscaler too."""
    for name in SERVICES:
        yield from _answering(name, f"argus-{name}", f"argus_{name}.app", database=name)
    for name in WORKERS:
        yield _deployment(f"{name}-worker", f"argus-{name}", f"argus_{name}.worker", database=name, replicas=1)
    yield from _answering("web", "argus-web", "argus_kit.web", database=None)


def _answering(name: str, image: str, module: str, *, database: str | None) -> Iterator[Manifest]:
    yield _deployment(name, image, module, database=database, replicas=None)
    service = {"selector": labels(name), "ports": [{"name": "http", "port": PORT, "targetPort": "http"}]}
    yield _object("v1", "Service", name, service)
    budget = {"minAvailable": 1, "selector": {"matchLabels": labels(name)}}
    yield _object("policy/v1", "PodDisruptionBudget", name, budget)
    yield _object("autoscaling/v2", "HorizontalPodAutoscaler", name, _scaling(name))


def _scaling(name: str) -> Manifest:
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    return {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": 2,
        "maxReplicas": 10,
        "metrics": [{"type": "Resource", "resource": cpu}],
        # Open streams and warm caches are lost with a pod: fewer of them only after a quiet while.
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 600}},
    }


def _deployment(name: str, image: str, module: str, *, database: str | None, replicas: int | None) -> Manifest:
    """`replicas` is None where an autoscaler decides: a number here would undo its word at each apply."""
    pod: Manifest = {
        "automountServiceAccountToken": False,
        # The gateway hears a moment later than the pod that it leaves. No preStop: told at once, the process answers on
        # for ARGUS_DRAIN_S, each answer being its connection's last; then ARGUS_GRACE_S for what is open, and the
        # parts' ends.
        "terminationGracePeriodSeconds": 60,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
        "topologySpreadConstraints": [
            _spread(name, key) for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
        ],
        "containers": [_container(image, module, database)],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    if database == "ingest":  # artifacts; the component s3 takes them away again
        pod["containers"][0]["volumeMounts"].append({"name": "artifacts", "mountPath": "/data"})
        pod["volumes"].append({"name": "artifacts", "persistentVolumeClaim": {"claimName": "artifacts"}})
        pod["securityContext"]["fsGroup"] = 10001
    if name == "notifier-worker":  # what receivers have taken, until the database knows: outlives the process
        pod["containers"][0]["volumeMounts"].append({"name": "deliveries", "mountPath": "/data"})
        pod["volumes"].append({"name": "deliveries", "emptyDir": {}})
        # The file that ARGUS_NOTIFICATION_RULES names, where somebody has one.
        pod["containers"][0]["volumeMounts"].append({"name": "rules", "mountPath": "/rules", "readOnly": True})
        pod["volumes"].append({"name": "rules", "configMap": {"name": "argus-rules", "optional": True}})
    spec: Manifest = {} if replicas is None else {"replicas": replicas}
    spec |= {
        "selector": {"matchLabels": labels(name)},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": {"metadata": {"labels": labels(name) | {"app.kubernetes.io/component": "process"}}, "spec": pod},
    }
    return _object("apps/v1", "Deployment", name, spec)


def _container(image: str, module: str, database: str | None) -> Manifest:
    environment: list[Manifest] = [{"name": "ARGUS_HTTP_PORT", "value": str(PORT)}]
    if database:
        url = {"secretKeyRef": {"name": "argus-database", "key": f"{database}-url"}}
        environment.append({"name": "ARGUS_DB_URL", "valueFrom": url})
    return {
        "name": "argus",
        "image": f"{image}:{current()}",
        "command": served(module),
        "envFrom": [{"configMapRef": {"name": "argus"}}, {"secretRef": {"name": "argus"}}],
        "env": environment,
        "ports": [{"name": "http", "containerPort": PORT}],
        "startupProbe": {"httpGet": {"path": "/livez", "port": "http"}, "periodSeconds": 1, "failureThreshold": 60},
        "livenessProbe": {"httpGet": {"path": "/livez", "port": "http"}, "periodSeconds": 10},
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": "http"}, "periodSeconds": 2},
        "resources": {"requests": {"cpu": "100m", "memory": "160Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 (an emptyDir of the pod) # nosec B108
    }


def _spread(name: str, key: str) -> Manifest:
    return {
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels(name)},
    }


# Who speaks to whom: its name, who calls, who is called, and the port. What is no edge is refused, both ways. The edge
# to the database comes with the component that says where it is.
_PROCESSES: Manifest = {"matchLabels": {"app.kubernetes.io/component": "process"}}
_GATEWAY: Manifest = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app.kubernetes.io/name": "traefik"}}}


def _named(*names: str) -> Manifest:
    return {"matchExpressions": [{"key": "app.kubernetes.io/name", "operator": "In", "values": list(names)}]}


EDGES: tuple[tuple[str, Manifest, Manifest, int], ...] = (
    ("processes-to-nats", _PROCESSES, _named("nats"), 4222),
    ("processes-to-cache", _PROCESSES, _named("cache"), 6379),
    ("nats-to-nats", _named("nats"), _named("nats"), 6222),
    # The front door asks each process whether it is ready.
    ("web-to-processes", _named("web"), _PROCESSES, PORT),
)
# What calls servers outside, and on which ports: identity providers; syslog; mail servers, webhooks and chats.
OUTSIDE: tuple[tuple[str, tuple[str, ...], tuple[int, ...]], ...] = (
    ("auth-to-identity-providers", ("auth",), (443,)),
    ("auth-worker-to-syslog", ("auth-worker",), (514, 601, 6514)),
    ("notifier-to-mail-and-webhooks", ("notifier", "notifier-worker"), (25, 465, 587, 443)),
)


def network() -> Iterator[Manifest]:
    """Nothing may speak to anything, and then one allowance for each edge."""
    yield policy("deny-all", {}, ingress=[], egress=[])
    dns = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}
    ports = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    yield policy("all-to-dns", {}, egress=[{"to": [dns], "ports": ports}])
    yield policy("gateway-to-argus", _named(*SERVICES, "web"), ingress=[{"from": [_GATEWAY], "ports": _ports(PORT)}])
    for name, caller, called, port in EDGES:
        yield policy(f"{name}-out", caller, egress=[{"to": [{"podSelector": called}], "ports": _ports(port)}])
        yield policy(f"{name}-in", called, ingress=[{"from": [{"podSelector": caller}], "ports": _ports(port)}])
    for name, callers, wanted in OUTSIDE:
        yield policy(
            name, _named(*callers), egress=[{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": _ports(*wanted)}]
        )


def policy(name: str, pods: Manifest, **rules: list[Manifest]) -> Manifest:
    """A NetworkPolicy for these pods; the kinds of rules that are named are the directions that it speaks of."""
    spec = {"podSelector": pods, "policyTypes": [kind.capitalize() for kind in rules]}
    return _object(
        "networking.k8s.io/v1", "NetworkPolicy", name, spec | {kind: rule for kind, rule in rules.items() if rule}
    )


def _ports(*numbers: int) -> list[Manifest]:
    return [{"protocol": "TCP", "port": number} for number in numbers]


def routes() -> Iterator[Manifest]:
    """Traefik's IngressRoute and Middlewares with the rules of deploy/traefik/dynamic.yaml."""
    http = yaml.safe_load((ROOT / "deploy" / "traefik" / "dynamic.yaml").read_text())["http"]
    rules = [
        {
            "kind": "Rule",
            "match": router["rule"],
            "priority": router["priority"],
            "middlewares": [{"name": name} for name in router["middlewares"]],
            "services": [{"name": router["service"], "port": "http"}],
        }
        for router in http["routers"].values()
    ]
    yield _object("traefik.io/v1alpha1", "IngressRoute", "argus", {"entryPoints": ["websecure"], "routes": rules})
    for name, middleware in http["middlewares"].items():
        yield _object("traefik.io/v1alpha1", "Middleware", name, _without_templates(middleware))


def _without_templates(said: Any) -> Any:
    # What is for the environment of compose's gateway to say; here an overlay patches it in.
    if not isinstance(said, dict):
        return said
    return {key: _without_templates(value) for key, value in said.items() if not _is_template(value)}


def _is_template(value: Any) -> bool:
    return isinstance(value, str) and "{{" in value


def _object(version: str, kind: str, name: str, spec: Manifest) -> Manifest:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "labels": labels(name)}, "spec": spec}


def labels(name: str) -> dict[str, str]:
    """What an object is called, and that it is Argus's."""
    return {"app.kubernetes.io/name": name, **PART}
