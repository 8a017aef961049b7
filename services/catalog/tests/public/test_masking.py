"""Command lines on public pages hold no secrets, and are else as they were typed."""

from __future__ import annotations

import pytest

from argus_catalog.public.masking import masked

PLAIN = [
    "python train.py --lr 0.1 --epochs 30 model=vit data.root=/data/cifar",
    "python train.py --max_tokens 512 --tokenizer bert num_key_value_heads=8",
    "torchrun --nproc_per_node=8 train.py --max_tokens=5 seed=1,2,3 -m",
    "bash run.sh 'a b' \"c d\" | tee out.log",
]
SECRETS = [
    ("train --token abc123secret --lr 1", "train --token *** --lr 1"),
    ("train --api-key=abc123secret", "train --api-key=***"),
    ("HF_TOKEN=hf_abc python t.py", "HF_TOKEN=*** python t.py"),
    ("train db.password='s3 cr3t' x=1", "train db.password=*** x=1"),
    ("curl https://ada:hunter2@example.org/x", None),
    ("train --auth em_live_abcdefghijklmnop", None),
    ("train ghp_abcdefghijklmnopqrstuvwxyz0123456789", "train ***"),
    ("train --notify ada@example.org", "train --notify ***"),
    ("train +wandb.api_key=0123456789abcdef0123", "train +wandb.api_key=***"),
]


@pytest.mark.parametrize("command", PLAIN)
def test_what_is_no_secret_stays(command):
    assert masked(command) == command


@pytest.mark.parametrize(("command", "shown"), SECRETS)
def test_secrets_go(command, shown):
    found = masked(command)
    assert shown is None or found == shown
    for secret in (
        "abc123secret",
        "hf_abc",
        "s3 cr3t",
        "hunter2",
        "abcdefghijklmnop",
        "example.org ",
        "0123456789abcdef",
    ):
        assert secret not in found


def test_nothing_stays_nothing():
    assert masked(None) is None
    assert not masked("")
