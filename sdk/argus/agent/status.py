"""What `argus-agent status` shows: who this agent is, what it allows, what runs here and what came last."""

from __future__ import annotations

import json
import os
from typing import Any

from argus.agent.following import LAUNCHES
from argus.agent.ledger import Ledger
from argus.agent.policy import Policy, PolicyError
from argus.agent.runs import Runs
from argus.agent.store import Registration

_LATEST = 5


def show(registration: Registration, folder: str, *, as_json: bool) -> str:
    """The state of the agent in `folder` as text, or as JSON."""
    state = _state(registration, folder)
    return json.dumps(state, indent=1) if as_json else "\n".join(_lines(state))


def _state(registration: Registration, folder: str) -> dict[str, Any]:
    entries = Ledger(folder, is_ours=False).all()
    runs = Runs(os.path.join(folder, "runs"))
    try:
        policy = Policy.load(folder).summary()
    except PolicyError as error:
        policy = {"error": str(error)}
    going_on = [entry for entry in entries if entry.get("kind") in LAUNCHES and runs.run(entry["id"]).is_supervised]
    return {
        "url": registration.argus_url,
        "agent_id": registration.agent_id,
        "hostname": registration.hostname,
        "owner": registration.owner,
        "command_keys": sorted(registration.command_keys),
        "is_draining": os.path.exists(os.path.join(folder, "drain")),
        "policy": policy,
        "running": [_shown(entry, runs) for entry in going_on],
        "waiting": [entry["batch_id"] for entry in entries if entry.get("state") == "queued"],
        "unsent": sum(len(entry.get("outbox", ())) for entry in entries),
        "latest": [
            {key: entry.get(key) for key in ("id", "kind", "batch_id", "state", "exit_code", "signal", "error")}
            for entry in entries[-_LATEST:]
        ],
    }


def _shown(entry: dict[str, Any], runs: Runs) -> dict[str, Any]:
    return {"batch_id": entry["batch_id"], "pid": entry.get("pid"), "folder": runs.run(entry["id"]).folder}


def _lines(state: dict[str, Any]) -> list[str]:
    keys = ", ".join(state["command_keys"])
    lines = [
        f"{state['url']} knows this host as {state['agent_id']}.",
        f"Commands must be signed with {keys}." if keys else "Commands are obeyed UNSIGNED.",
    ]
    rules = [f"{name} {rule}" for name, rule in state["policy"].items() if rule]
    lines.append(f"Policy: {', '.join(rules) or 'none'}.")
    if state["is_draining"]:
        lines.append("It takes no new runs; to undo: argus-agent drain --off")
    lines += [
        f"{run['batch_id']} runs as pid {run['pid']}; its output is in {run['folder']}." for run in state["running"]
    ]
    lines += [f"{batch_id} waits for its turn." for batch_id in state["waiting"]]
    if state["unsent"]:
        lines.append(f"{state['unsent']} messages wait for the server.")
    return lines
