"""What a change of members opens and closes, on a running server: at once for requests, within a second for streams."""

from __future__ import annotations

import threading
import time

import httpx
from stage.people import Call, register
from stage.world import World

SOON_S = 1.0


def test_who_is_removed_watches_no_longer_than_a_second(world: World) -> None:
    person = register(world.client, world.name("leaver"))
    project = world.name("live")
    run = world.new_run(project=project)
    world.new_member(person, "viewer", project)
    lines: list[tuple[float, str]] = []
    is_open = threading.Event()

    def watch() -> None:
        headers = {"Authorization": f"Bearer {person.session}"}
        url = f"{world.server.url}/api/sse"
        with httpx.stream("GET", url, params={"channels": f"batch:{run.batch}"}, headers=headers, timeout=20) as answer:
            for line in answer.iter_lines():
                lines.append((time.monotonic(), line))
                is_open.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    assert is_open.wait(10)
    began = time.monotonic()
    world.ask("DELETE", f"/api/projects/{project}/members/{person.name}")
    watcher.join(10)
    assert not watcher.is_alive(), "the stream goes on"
    told = [at for at, line in lines if "access_ended" in line]
    assert told, lines
    assert told[0] - began < SOON_S
    hidden = world.client.send("GET", Call(f"/api/batches/{run.batch}"), person.session)
    assert hidden.status_code == 404


def test_who_is_added_sees_what_comes_next(world: World) -> None:
    person = register(world.client, world.name("joiner"))
    project = world.name("live")
    run = world.new_run(project=project)
    path = f"/api/batches/{run.batch}"
    assert world.client.send("GET", Call(path), person.session).status_code == 404
    world.new_member(person, "editor", project)
    assert world.client.ask("GET", path, person.session)["can_edit"] is True
    by_token = world.client.send("GET", Call(path), person.viewer)
    assert (by_token.status_code, by_token.json()["can_edit"]) == (200, False)
