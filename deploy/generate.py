"""Write what follows from the list of services: Dockerfiles, and the Kubernetes workloads and routes.

generate.py          write the files
generate.py --check  say which ones differ from what would be written
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
SERVICES = ("auth", "ingest", "catalog", "realtime", "executor", "notifier")
WORKERS = ("auth", "ingest", "catalog", "executor", "notifier")
HEADER = "# Written by deploy/generate.py (make gen); edit that file instead.\n"
LIBRARIES = "./libs/contracts ./libs/schema ./libs/kit"
PORT = 8000
PAGES = "COPY --from=pages /build/dist /opt/argus/web\nENV ARGUS_WEB_ROOT=/opt/argus/web\n"


def main(arguments: list[str]) -> int:
    differing = [path for path, text in files() if not path.exists() or path.read_text() != text]
    if "--check" in arguments:
        for path in differing:
            print(f"{path.relative_to(ROOT)} is not what `make gen` writes")
        return 1 if differing else 0
    wanted = dict(files())
    for path in differing:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path])
    return 0


def files() -> Iterator[tuple[Path, str]]:
    """Every generated file, with its text."""
    for name in SERVICES:
        yield ROOT / "services" / name / "Dockerfile", dockerfile(f"services/{name}", _served(f"argus_{name}.app"))
    yield ROOT / "services" / "standalone" / "Dockerfile", dockerfile("services", ["argus-server", "up"], pages=True)
    yield ROOT / "frontend" / "Dockerfile", dockerfile(None, _served("argus_kit.web"), pages=True)
    base = DEPLOY / "k8s" / "base"
    yield base / "workloads.yaml", HEADER + yaml.safe_dump_all(list(workloads()), sort_keys=False)
    yield base / "routes.yaml", HEADER + yaml.safe_dump_all(list(routes()), sort_keys=False)


def dockerfile(source: str | None, command: list[str], *, pages: bool = False) -> str:
    """The image of one service; `source` is its folder (a folder of packages for standalone, None for libraries)."""
    folder = "frontend" if source is None else "services/standalone" if source == "services" else source
    # Artifacts may lie in S3, which takes an extra.
    ingest = '"./services/ingest[s3]"'
    packages = {None: "", "services": f"./services/* {ingest}", "services/ingest": ingest}.get(source, f"./{source}")
    template = Template((DEPLOY / "docker" / "Dockerfile.template").read_text())
    return HEADER + template.substitute(
        folder=folder,
        image=f"argus-{Path(folder).name}",
        stage_pages=(DEPLOY / "docker" / "pages.stage").read_text() if pages else "",
        copy_source=f"COPY {source} {source}\n" if source else "",
        packages=f"{LIBRARIES} {packages}".strip(),
        copy_pages=PAGES if pages else "",
        command=", ".join(f'"{word}"' for word in command),
    )


def _served(module: str) -> list[str]:
    return ["python", "-m", "argus_kit.serve", f"{module}:create_app"]


def workloads() -> Iterator[dict[str, Any]]:
    """A Deployment for each service and worker; a Service and a PodDisruptionBudget for what answers requests."""
    for name in SERVICES:
        yield from _answering(name, f"argus-{name}", f"argus_{name}.app", database=name)
    for name in WORKERS:
        yield _deployment(f"{name}-worker", f"argus-{name}", f"argus_{name}.worker", database=name, replicas=1)
    yield from _answering("web", "argus-frontend", "argus_kit.web", database=None)


def _answering(name: str, image: str, module: str, *, database: str | None) -> Iterator[dict[str, Any]]:
    yield _deployment(name, image, module, database=database, replicas=2)
    yield _object("v1", "Service", name, {"selector": _labels(name), "ports": [{"name": "http", "port": PORT}]})
    budget = {"minAvailable": 1, "selector": {"matchLabels": _labels(name)}}
    yield _object("policy/v1", "PodDisruptionBudget", name, budget)


def _deployment(name: str, image: str, module: str, *, database: str | None, replicas: int) -> dict[str, Any]:
    environment: list[dict[str, Any]] = [{"name": "ARGUS_HTTP_PORT", "value": str(PORT)}]
    if database:
        url = {"secretKeyRef": {"name": "argus-database", "key": f"{database}-url"}}
        environment.append({"name": "ARGUS_DB_URL", "valueFrom": url})
    container: dict[str, Any] = {
        "name": "argus",
        "image": f"{image}:0.1.0",
        "command": _served(module),
        "envFrom": [{"configMapRef": {"name": "argus"}}, {"secretRef": {"name": "argus"}}],
        "env": environment,
        "ports": [{"name": "http", "containerPort": PORT}],
        "startupProbe": {"httpGet": {"path": "/livez", "port": "http"}, "periodSeconds": 1, "failureThreshold": 60},
        "livenessProbe": {"httpGet": {"path": "/livez", "port": "http"}, "periodSeconds": 10},
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": "http"}, "periodSeconds": 5},
        "resources": {"requests": {"cpu": "100m", "memory": "160Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 (an emptyDir of the pod) # nosec B108
    }
    pod: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 30,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    if database == "ingest":  # artifacts; an S3 address in ARGUS_ARTIFACT_DIR makes this volume unnecessary
        container["volumeMounts"].append({"name": "artifacts", "mountPath": "/data"})
        pod["volumes"].append({"name": "artifacts", "persistentVolumeClaim": {"claimName": "artifacts"}})
        pod["securityContext"]["fsGroup"] = 10001
    template = {"metadata": {"labels": _labels(name)}, "spec": pod}
    spec = {"replicas": replicas, "selector": {"matchLabels": _labels(name)}, "template": template}
    return _object("apps/v1", "Deployment", name, spec)


def routes() -> Iterator[dict[str, Any]]:
    """Traefik's IngressRoute and Middlewares with the rules of deploy/traefik/dynamic.yaml."""
    http = yaml.safe_load((DEPLOY / "traefik" / "dynamic.yaml").read_text())["http"]
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
        yield _object("traefik.io/v1alpha1", "Middleware", name, middleware)


def _object(version: str, kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "labels": _labels(name)}, "spec": spec}


def _labels(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "argus"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
