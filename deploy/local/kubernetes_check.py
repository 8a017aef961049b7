"""Holds deploy/k8s against the schemas of Kubernetes (of the package kubernetes-validate) and against rules of our own,
for base alone, with each component, and for the example overlay with all of them. Needs no cluster.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
from generate_images import IMAGES, TARGETS
from kustomize import Manifest, build
from versions import current

from argus_kit.environment import is_secret, variable
from argus_standalone import reference

ROOT = Path(__file__).resolve().parents[2] / "deploy" / "k8s"
# The newest of the oldest that we support: what it takes, newer ones take too.
RELEASE = "1.33"
# Kinds of others, which no package here has schemas of.
FOREIGN = ("traefik.io/", "cert-manager.io/", "monitoring.coreos.com/", "postgresql.cnpg.io/", "barmancloud.cnpg.io/")
WORKLOADS = {"Deployment", "StatefulSet", "Job"}
# Secrets that people bring along (deploy/k8s/README.md).
SECRETS = {"argus", "argus-nats", "argus-database", "argus-s3", "argus-postgres", "argus-backup"}

# Components that add to others.
ABOVE = {"backup": ("cloudnative-pg",)}


def main() -> int:
    found: list[str] = []
    foreign: set[str] = set()
    for name, manifests in builds():
        found += [f"{name}: {text}" for text in (*schema_problems(manifests), *problems(manifests))]
        foreign |= {manifest["kind"] for manifest in manifests if manifest["apiVersion"].startswith(FOREIGN)}
    print("\n".join(dict.fromkeys(found)) or "kubernetes: every schema and rule holds")
    print(f"schemas of {', '.join(sorted(foreign))}, which are others' own kinds: skipped")
    return 1 if found else 0


def builds() -> Iterator[tuple[str, list[Manifest]]]:
    """Name and manifests of what can be deployed."""
    yield "base", build(ROOT / "base")
    for component in sorted((ROOT / "components").iterdir()):
        below = [ROOT / "components" / name for name in ABOVE.get(component.name, ())]
        yield component.name, build(ROOT / "base", [*below, component])
    yield "example", build(ROOT / "overlays" / "example")


def schema_problems(manifests: list[Manifest]) -> Iterator[str]:
    """What Kubernetes' own schemas do not take; a field that they do not know is one."""
    for manifest in manifests:
        if manifest["apiVersion"].startswith(FOREIGN):
            continue
        try:
            kubernetes_validate.validate(manifest, RELEASE, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"{_name(manifest)}: {error.message} at {'.'.join(map(str, error.path))}"


def problems(manifests: list[Manifest]) -> Iterator[str]:
    """A sentence for each rule of ours that is broken."""
    for manifest in manifests:
        if manifest["kind"] in WORKLOADS:
            yield from (f"{_name(manifest)}: {text}" for text in _workload(manifest))
    yield from _selections(manifests)
    yield from _scaling(manifests)
    yield from _configuration(manifests)
    yield from _routes(manifests)
    yield from _policies(manifests)


def _workload(manifest: Manifest) -> Iterator[str]:
    pod = manifest["spec"]["template"]["spec"]
    security = pod.get("securityContext", {})
    if not security.get("runAsNonRoot") or security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "the pod security standard `restricted` does not let it in"
    if pod.get("automountServiceAccountToken", True):
        yield "it gets a token of the cluster's API, which it has no use for"
    if manifest["kind"] == "Deployment" and _is_ours(pod) and len(pod.get("topologySpreadConstraints", [])) < 2:
        yield "its pods may all lie in one zone or on one machine"
    volumes = {volume["name"] for volume in pod.get("volumes", [])}
    volumes |= {claim["metadata"]["name"] for claim in manifest["spec"].get("volumeClaimTemplates", [])}
    for container in pod["containers"]:
        yield from (
            f"container {container['name']}: {text}" for text in _container(container, manifest["kind"], volumes)
        )


def _is_ours(pod: Manifest) -> bool:
    return any(container["image"].startswith("argus-") for container in pod["containers"])


def _container(container: Manifest, kind: str, volumes: set[str]) -> Iterator[str]:
    security = container.get("securityContext", {})
    wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    if {key: security.get(key) for key in wanted} != wanted:
        yield "it may write its root, or gain rights"
    resources = container.get("resources", {})
    if not {"cpu", "memory"} <= set(resources.get("requests", {})) or "memory" not in resources.get("limits", {}):
        yield "it says neither what it needs nor where it ends"
    if kind != "Job" and container["name"] != "exporter" and "readinessProbe" not in container:
        yield "nobody can tell whether it is ready"
    image = container["image"]
    if image not in IMAGES.values() and image not in {f"argus-{target}:{current()}" for target in TARGETS}:
        yield f"its image {image} is neither ours nor in deploy/docker/images.yaml"
    for mount in container.get("volumeMounts", []):
        if mount["name"] not in volumes:
            yield f"it mounts {mount['name']}, which its pod has not"


def _pods(manifests: list[Manifest]) -> dict[str, tuple[dict[str, str], Manifest]]:
    """Labels and pod of each workload, by name; CloudNativePG makes pods too."""
    found = {
        _name(manifest): (manifest["spec"]["template"]["metadata"]["labels"], manifest["spec"]["template"]["spec"])
        for manifest in manifests
        if manifest["kind"] in WORKLOADS
    }
    ports = [{"containerPort": number} for number in (5432, 8000)]
    for manifest in manifests:
        if manifest["apiVersion"].startswith("postgresql.cnpg.io/") and manifest["kind"] == "Cluster":
            pod = {"containers": [{"ports": ports}]}
            found[_name(manifest)] = ({"cnpg.io/cluster": manifest["metadata"]["name"]}, pod)
    return found


def selects(selector: Manifest, labels: dict[str, str]) -> bool:
    """Whether a label selector takes these labels; an empty one takes all."""
    expressions = selector.get("matchExpressions", [])
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        labels.get(said["key"]) in said["values"] for said in expressions
    )


def _selections(manifests: list[Manifest]) -> Iterator[str]:
    pods = _pods(manifests)
    for manifest in manifests:
        spec = manifest.get("spec", {})
        if manifest["kind"] == "Service":
            chosen = [pod for labels, pod in pods.values() if selects({"matchLabels": spec["selector"]}, labels)]
            named = {
                port.get("name") for pod in chosen for container in pod["containers"] for port in container["ports"]
            }
            numbers = {port["containerPort"] for pod in chosen for c in pod["containers"] for port in c["ports"]}
            for port in spec["ports"]:
                if port.get("targetPort", port["port"]) not in named | numbers:
                    yield f"{_name(manifest)}: no pod behind it listens on {port}"
        if manifest["kind"] in {"PodDisruptionBudget", "Deployment", "StatefulSet"}:
            selector = spec["selector"]
            if not any(selects(selector, labels) for labels, _ in pods.values()):
                yield f"{_name(manifest)}: it selects no pod"


def _scaling(manifests: list[Manifest]) -> Iterator[str]:
    deployments = {m["metadata"]["name"]: m for m in manifests if m["kind"] == "Deployment"}
    scaled = {m["spec"]["scaleTargetRef"]["name"] for m in manifests if m["kind"] == "HorizontalPodAutoscaler"}
    for name in sorted(scaled - set(deployments)):
        yield f"HorizontalPodAutoscaler {name}: there is no such Deployment"
    for name, deployment in deployments.items():
        if (name in scaled) == ("replicas" in deployment["spec"]):
            yield f"Deployment {name}: its number is said by an autoscaler or by itself, and by one of both"


def _configuration(manifests: list[Manifest]) -> Iterator[str]:
    fields = {variable(kind, name): field for kind in reference.groups() for name, field in kind.model_fields.items()}
    names = {manifest["metadata"]["name"] for manifest in manifests if manifest["kind"] == "Service"}
    for manifest in manifests:
        if manifest["kind"] == "ConfigMap" and manifest["metadata"]["name"] == "argus":
            if "ARGUS_TRUSTED_PROXIES" not in manifest["data"]:
                yield "ConfigMap argus: without ARGUS_TRUSTED_PROXIES everybody has the gateway's address"
            for key, value in manifest["data"].items():
                if key not in fields:
                    yield f"ConfigMap argus: nothing reads {key}"
                elif is_secret(fields[key]) and "@" in value:
                    yield f"ConfigMap argus: {key} has a password in it, which belongs into a Secret"
                for host in re.findall(r"(?:http|redis)://([a-z-]+):", value):
                    if host not in names:
                        yield f"ConfigMap argus: {key} names {host}, which is no Service"
        if manifest["kind"] in WORKLOADS:
            for container in manifest["spec"]["template"]["spec"]["containers"]:
                yield from (f"{_name(manifest)}: {text}" for text in _environment(container, set(fields)))


def _environment(container: Manifest, known: set[str]) -> Iterator[str]:
    for given in container.get("env", []):
        if given["name"].startswith("ARGUS_") and given["name"] not in known:
            yield f"nothing reads {given['name']}"
    named = [source["secretRef"]["name"] for source in container.get("envFrom", []) if "secretRef" in source]
    named += [given["valueFrom"]["secretKeyRef"]["name"] for given in container.get("env", []) if _is_of_secret(given)]
    for secret in named:
        if secret not in SECRETS:
            yield f"it reads the secret {secret}, of which deploy/k8s/README.md says nothing"


def _is_of_secret(given: Manifest) -> bool:
    return "secretKeyRef" in given.get("valueFrom", {})


def _routes(manifests: list[Manifest]) -> Iterator[str]:
    names = {(manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests}
    for manifest in manifests:
        if manifest["kind"] == "IngressRoute":
            for route in manifest["spec"]["routes"]:
                used = [("Service", service["name"]) for service in route["services"]]
                used += [("Middleware", middleware["name"]) for middleware in route.get("middlewares", [])]
                yield from (
                    f"{_name(manifest)}: there is no {kind} {name}" for kind, name in used if (kind, name) not in names
                )


def _policies(manifests: list[Manifest]) -> Iterator[str]:
    policies = [manifest for manifest in manifests if manifest["kind"] == "NetworkPolicy"]
    everything = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    if not any(policy["spec"] == everything for policy in policies):
        yield "no NetworkPolicy refuses what the others do not allow"
    pods = _pods(manifests)
    for policy in policies:
        chosen = [pod for labels, pod in pods.values() if selects(policy["spec"]["podSelector"], labels)]
        if not chosen:
            yield f"{_name(policy)}: it is about no pod"
        listened = _listened(chosen)
        wanted = {port["port"] for rule in policy["spec"].get("ingress", []) for port in rule["ports"]}
        for port in sorted(wanted - listened - {7777}):
            yield f"{_name(policy)}: nobody there listens on {port}"


def _listened(pods: list[Manifest]) -> set[Any]:
    return {
        port["containerPort"] for pod in pods for container in pod["containers"] for port in container.get("ports", [])
    }


def _name(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


if __name__ == "__main__":
    sys.exit(main())
