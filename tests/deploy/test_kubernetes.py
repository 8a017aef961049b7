"""What deploy/k8s makes holds, and each rule finds what breaks it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_check
import kustomize
import pytest

K8S = Path(kubernetes_check.ROOT)
Manifests = list[dict[str, Any]]


@pytest.fixture(scope="module")
def example() -> Manifests:
    return kustomize.build(K8S / "overlays" / "example")


def find(manifests: Manifests, kind: str, name: str) -> Any:
    (found,) = [m for m in manifests if (m["kind"], m["metadata"]["name"]) == (kind, name)]
    return found


def pod(manifests: Manifests, name: str, kind: str = "Deployment") -> Any:
    return find(manifests, kind, name)["spec"]["template"]["spec"]


class TestComponents:
    def test_the_example_has_every_component(self) -> None:
        said = kustomize.read(K8S / "overlays" / "example")["components"]
        taken = {Path(name).name for name in said}
        others = {"external-postgres", "front-proxy"}  # in place of one, and for who has such a proxy
        assert taken | others == {path.name for path in (K8S / "components").iterdir()}

    def test_high_availability_keeps_two_of_each(self, example: Manifests) -> None:
        for manifest in example:
            if manifest["kind"] == "HorizontalPodAutoscaler":
                assert manifest["spec"]["minReplicas"] == (
                    2 if manifest["metadata"]["name"] == "notifier-worker" else 3
                )
        assert find(example, "Deployment", "ingest-worker")["spec"]["replicas"] == 2
        spread = pod(example, "auth")["topologySpreadConstraints"][0]
        assert (spread["topologyKey"], spread["whenUnsatisfiable"]) == ("topology.kubernetes.io/zone", "DoNotSchedule")

    def test_s3_takes_the_shared_volume_away(self, example: Manifests) -> None:
        assert not [m for m in example if m["kind"] == "PersistentVolumeClaim"]
        assert [volume["name"] for volume in pod(example, "ingest")["volumes"]] == ["tmp"]
        assert find(example, "ConfigMap", "argus")["data"]["ARGUS_ARTIFACT_DIR"].startswith("s3://")

    def test_tls_names_the_certificates_secret(self, example: Manifests) -> None:
        secret = find(example, "Certificate", "argus")["spec"]["secretName"]
        assert find(example, "IngressRoute", "argus")["spec"]["tls"] == {"secretName": secret}

    def test_floods_are_counted_by_the_address_that_the_outermost_trusted_proxy_saw(self) -> None:
        for components, depth in ((), None), ((K8S / "components" / "front-proxy",), 1):
            manifests = kustomize.build(K8S / "base", components)
            limit = find(manifests, "Middleware", "flood")["spec"]["rateLimit"]
            strategy = {"ipv6Subnet": 64} | ({} if depth is None else {"depth": depth})
            assert limit["sourceCriterion"]["ipStrategy"] == strategy
            trusted = find(manifests, "ConfigMap", "argus")["data"]["ARGUS_TRUSTED_PROXIES"]
            # With a proxy in front `*` would let callers choose their address.
            assert ("*" in trusted) is (depth is None)

    def test_a_rule_file_may_be_there_and_need_not(self, example: Manifests) -> None:
        worker = pod(example, "notifier-worker")
        (volume,) = [one for one in worker["volumes"] if one["name"] == "rules"]
        assert volume["configMap"] == {"name": "argus-rules", "optional": True}
        assert {"name": "rules", "mountPath": "/rules", "readOnly": True} in worker["containers"][0]["volumeMounts"]

    def test_without_a_component_for_it_nothing_reaches_a_database(self) -> None:
        base = kustomize.build(K8S / "base")
        ports = [
            port["port"]
            for manifest in base
            if manifest["kind"] == "NetworkPolicy"
            for rule in manifest["spec"].get("egress", [])
            for port in rule["ports"]
        ]
        assert 5432 not in ports


def change(kind: str, name: str, act: Callable[[Any], Any]) -> Callable[[Manifests], None]:
    return lambda manifests: act(find(manifests, kind, name)) and None


def container(name: str, **changes: Any) -> Callable[[Manifests], None]:
    def act(manifests: Manifests) -> None:
        pod(manifests, name)["containers"][0].update(changes)

    return act


def drop(kind: str, name: str) -> Callable[[Manifests], None]:
    return lambda manifests: manifests.remove(find(manifests, kind, name))


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (container("auth", securityContext={}), "Deployment auth: container argus: it may write its root"),
        (container("auth", resources={}), "it says neither what it needs nor where it ends"),
        (container("auth", image="argus-auth:latest"), "its image argus-auth:latest is neither ours"),
        (container("auth", readinessProbe=None, volumeMounts=[{"name": "x"}]), "it mounts x, which its pod has not"),
        (container("auth", env=[{"name": "ARGUS_PROT", "value": "1"}]), "nothing reads ARGUS_PROT"),
        (container("auth", envFrom=[{"secretRef": {"name": "mine"}}]), "it reads the secret mine"),
        (drop("NetworkPolicy", "deny-all"), "no NetworkPolicy refuses what the others do not allow"),
        (drop("Service", "auth"), "IngressRoute argus: there is no Service auth"),
        (drop("Middleware", "retry"), "IngressRoute argus: there is no Middleware retry"),
        (drop("HorizontalPodAutoscaler", "auth"), "Deployment auth: its number is said by"),
        (
            change("ConfigMap", "argus", lambda m: m["data"].pop("ARGUS_TRUSTED_PROXIES")),
            "ConfigMap argus: without ARGUS_TRUSTED_PROXIES everybody has the gateway's address",
        ),
        (
            change("ConfigMap", "argus", lambda m: m["data"].update(ARGUS_NO="1")),
            "ConfigMap argus: nothing reads ARGUS_NO",
        ),
        (
            change("ConfigMap", "argus", lambda m: m["data"].update(ARGUS_NATS_URL="nats://argus:x@nats:4222")),
            "ConfigMap argus: ARGUS_NATS_URL has a password in it",
        ),
        (
            change("ConfigMap", "argus", lambda m: m["data"].update(ARGUS_REDIS_URL="redis://nowhere:6379/0")),
            "names nowhere, which is no Service",
        ),
        (
            change("Service", "auth", lambda m: m["spec"]["ports"][0].update(targetPort="https")),
            "Service auth: no pod behind it listens on",
        ),
        (
            change("PodDisruptionBudget", "auth", lambda m: m["spec"]["selector"]["matchLabels"].update(x="y")),
            "PodDisruptionBudget auth: it selects no pod",
        ),
        (
            change("NetworkPolicy", "gateway-to-argus", lambda m: m["spec"]["ingress"][0]["ports"][0].update(port=81)),
            "NetworkPolicy gateway-to-argus: nobody there listens on 81",
        ),
    ],
)
def test_what_breaks_a_rule_is_named(example: Manifests, break_it: Callable[[Manifests], None], said: str) -> None:
    manifests = copy.deepcopy(example)
    break_it(manifests)
    found = list(kubernetes_check.problems(manifests))
    assert [text for text in found if said in text], found


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"op": "add", "path": "/spec/replica", "value": 2}, "replica"),
        (
            {"op": "add", "path": "/spec/template/spec/containers/0/ports/0/containerPort", "value": "http"},
            "containerPort",
        ),
        ({"op": "remove", "path": "/spec/selector"}, "selector"),
    ],
)
def test_what_kubernetes_does_not_take_is_named(example: Manifests, step: dict[str, Any], said: str) -> None:
    manifest = copy.deepcopy(find(example, "Deployment", "auth"))
    assert list(kubernetes_check.schema_problems([manifest])) == []
    kustomize.apply(manifest, step)
    (found,) = kubernetes_check.schema_problems([manifest])
    assert said in found


class TestKustomize:
    def test_a_patch_that_finds_nothing_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "kustomization.yaml").write_text(
            "resources: []\npatches:\n  - target: { kind: Deployment }\n    patch: '[]'\n"
        )
        with pytest.raises(ValueError, match="finds nothing"):
            kustomize.build(tmp_path)

    def test_what_it_does_not_know_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "kustomization.yaml").write_text("resources: []\nimages: []\n")
        with pytest.raises(ValueError, match="images is more than this reads"):
            kustomize.build(tmp_path)

    @pytest.mark.parametrize("path", ["/spec/no/way", "/spec/list/7", "/spec/list/x"])
    def test_a_step_to_nowhere_is_refused(self, path: str) -> None:
        manifest = {"kind": "Thing", "metadata": {"name": "one"}, "spec": {"list": [1]}}
        with pytest.raises(ValueError, match="Thing one has nothing at"):
            kustomize.apply(manifest, {"op": "replace", "path": path, "value": 1})
