"""Each rule about containers finds what breaks it, and nothing in what we have."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import compose_check
import generate_images
import pytest

from argus_notifier.rules.file import read

Document = dict[str, Any]


@pytest.fixture(scope="module")
def whole() -> Document:
    return compose_check.load()


def test_nothing_is_wrong_with_ours(whole: Document) -> None:
    assert list(compose_check.problems(whole)) == []
    assert list(compose_check.image_problems(generate_images.dockerfile())) == []


def test_the_rule_file_to_begin_with_is_understood() -> None:
    example = compose_check.ROOT / "deploy" / "docker" / "rules" / "example.yaml"
    assert len(read(example.read_text()).rules) == 2


def test_every_exemption_is_needed(whole: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose_check, "EXEMPT", {})
    found = list(compose_check.problems(whole))
    services = {text.partition(":")[0] for text in found}
    assert services == {"postgres", "nats-volume", "acme-volume", "migrate", "tempo"}


def service(name: str, **changes: Any) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        document["services"][name] |= changes

    return change


def environment(name: str, **changes: Any) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        document["services"][name]["environment"] |= changes

    return change


def without(name: str, variable: str) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        del document["services"][name]["environment"][variable]

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (service("auth", read_only=False), "auth: its root can be written"),
        (service("auth", cap_drop=[]), "auth: it keeps capabilities"),
        (service("nats", security_opt=[]), "nats: a program in it can gain rights"),
        (service("redis", user="root"), "redis: it runs as root"),
        (service("redis", image="valkey/valkey:latest"), "redis: valkey/valkey:latest is not what"),
        (service("auth", build={"context": ".", "target": "ingest"}), "is not what its build makes (ingest)"),
        (service("nats", healthcheck=None), "nats: nobody can tell whether it works"),
        (service("ingest", ports=["8001:8000"]), "ingest: it publishes 8001:8000, and the gateway alone"),
        (service("traefik", ports=["8000:8000"]), "traefik: it publishes 8000:8000 on every address"),
        (service("auth", depends_on=["nobody"]), "auth: it waits for nobody, which there is not"),
        (service("auth", volumes=["./no-such-file:/x:ro"]), "auth: ./no-such-file is mounted, and there is none"),
        (service("traefik", labels={}), "traefik: it mounts files of the sources, and a new version of these"),
        (service("grafana", labels={"argus.sources": "0.4.0"}), "grafana: it mounts files of the sources"),
        (service("auth", volumes=["lost:/x"]), "auth: the volume lost is not declared"),
        (service("notifier-worker", volumes=[]), "notifier-worker: it keeps files in /data, which is no volume"),
        (
            service("notifier-worker", volumes=["deliveries:/data"]),
            "ARGUS_NOTIFICATION_RULES names a file, and /rules is",
        ),
        (without("traefik", "ARGUS_FRONT_PROXIES"), "traefik: its routes need ARGUS_FRONT_PROXIES"),
        (
            service("auth-worker", command=["python", "-m", "argus_kit.serve", "argus_auth.wroker:create_app"]),
            "auth-worker: there is no module argus_auth.wroker",
        ),
        (
            service("auth-worker", command=["python", "-m", "argus_kit.serve", "argus_auth.worker:make_app"]),
            "auth-worker: argus_auth.worker has no make_app",
        ),
        (
            service("auth-worker", command=["python", "-m", "argus_kit.serve", "argus_ingest.worker:create_app"]),
            "auth-worker: the image auth has no package argus_ingest",
        ),
        (service("migrate", command=["argus-server", "migrate"]), "the image auth has no program argus-server"),
        (environment("catalog", ARGUS_SMTP_PASS="x"), "catalog: nothing in it reads ARGUS_SMTP_PASS"),
        (environment("auth", ARGUS_PROT="1"), "auth: nothing in it reads ARGUS_PROT"),
        (environment("auth", ARGUS_LOG_LEVEL="${NO_SUCH}"), "${NO_SUCH} is used and not in .env.example"),
        (without("notifier", "ARGUS_SMTP_HOST"), "notifier: its setting ARGUS_SMTP_HOST is not passed on"),
        (without("traefik", "ARGUS_AUTH_URL"), "traefik: its routes need ARGUS_AUTH_URL"),
    ],
)
def test_what_breaks_a_rule_is_named(whole: Document, change: Callable[[Document], None], said: str) -> None:
    document = copy.deepcopy(whole)
    change(document)
    found = list(compose_check.problems(document))
    assert [text for text in found if said in text], found


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("USER 10001:10001", "USER 0:0", "runs as root"),
        ("FROM runtime AS auth", "FROM build-auth AS auth", "the image auth does not begin at the stage runtime"),
        ("RUN groupadd", "RUN apt-get install -y gcc && groupadd", "installs something"),
        ("HEALTHCHECK", "#", "has no healthcheck"),
        ('CMD ["argus-server", "up"]', "RUN true", "the image server runs something"),
        ("argus_kit.web:create_app", "argus_kit.pages:create_app", "there is no module argus_kit.pages"),
    ],
)
def test_what_an_image_must_not_be_is_named(old: str, new: str, said: str) -> None:
    text = generate_images.dockerfile()
    assert old in text
    assert [found for found in compose_check.image_problems(text.replace(old, new, 1)) if said in found]


def test_what_is_baked_are_the_targets_under_the_version() -> None:
    text = generate_images.bake()
    for target in generate_images.TARGETS:
        assert f'"{target}"' in text
        assert f"FROM runtime AS {target}\n" in generate_images.dockerfile()
    assert f'default = "{generate_images.current()}"' in text
