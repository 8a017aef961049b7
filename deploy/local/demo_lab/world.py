"""Who works there, on which machines, at what. Nothing here depends on the time or on chance."""

from __future__ import annotations

from typing import NamedTuple


class Machine(NamedTuple):
    """A host. `disk_days` until its disk is full at the rate at which it fills; None: it does not fill."""

    name: str
    gpus: int
    card: str
    vram_mb: int
    power_w: int
    cores: int
    ram_mb: int
    disk_mb: int
    disk_free_mb: int
    disk_days: float | None = None
    hot_gpu: int | None = None


MACHINES = (
    Machine("dgx-01", 8, "NVIDIA A100-SXM4-80GB", 81_920, 400, 128, 1_031_000, 14_000_000, 5_200_000),
    Machine("dgx-02", 8, "NVIDIA H100 80GB HBM3", 81_559, 700, 112, 2_063_000, 28_000_000, 11_800_000, hot_gpu=2),
    Machine("lab-03", 4, "NVIDIA RTX A6000", 49_140, 300, 64, 257_000, 3_600_000, 96_000, disk_days=2.2),
    Machine("lab-04", 4, "NVIDIA GeForce RTX 4090", 24_564, 450, 32, 128_600, 1_900_000, 640_000),
    Machine("ws-01", 2, "NVIDIA GeForce RTX 3090", 24_576, 350, 24, 64_200, 950_000, 210_000),
)
MACHINE = {machine.name: machine for machine in MACHINES}


class Person(NamedTuple):
    """Somebody with an account of their own; `login` is what they are called on the machines."""

    username: str
    login: str


PEOPLE = (Person("ada", "ada"), Person("lin", "lzhang"), Person("sam", "sokafor"), Person("noor", "nhaddad"))
PERSON = {person.username: person for person in PEOPLE}


class Field(NamedTuple):
    """A project: what is trained on what, how results are called, and in which direction they are good.

    `best` is what the strongest model reaches on the easiest data; `loss` the loss from which training starts.
    """

    project: str
    repository: str
    models: tuple[str, ...]
    datasets: tuple[str, ...]
    metric: str
    higher_is_better: bool
    best: float
    loss: float
    packages: tuple[str, ...]


_COMMON = ("numpy==2.3.4", "torch==2.9.0", "argus-reporter==0.4.0", "tqdm==4.67.1", "PyYAML==6.0.3")
FIELDS = (
    Field(
        "vision",
        "git@github.com:example-lab/vision.git",
        ("resnet50", "convnext-t", "vit-s16", "swin-t"),
        ("cifar100", "flowers102", "imagenet-100"),
        "ACC",
        True,
        0.94,
        4.4,
        (*_COMMON, "torchvision==0.24.0", "timm==1.0.22", "albumentations==2.0.8"),
    ),
    Field(
        "speech",
        "git@github.com:example-lab/speech.git",
        ("conformer-s", "conformer-m", "zipformer"),
        ("librispeech-clean", "librispeech-other", "common-voice-de"),
        "WER",
        False,
        0.034,
        6.8,
        (*_COMMON, "torchaudio==2.9.0", "k2==1.24.4", "sentencepiece==0.2.1"),
    ),
    Field(
        "forecasting",
        "git@github.com:example-lab/forecasting.git",
        ("dlinear", "patchtst", "itransformer", "timesnet"),
        ("etth1", "ettm2", "weather", "electricity"),
        "MSE",
        False,
        0.148,
        1.1,
        (*_COMMON, "pandas==2.3.3", "einops==0.8.1", "hydra-core==1.3.2"),
    ),
)
FIELD = {field.project: field for field in FIELDS}

PARAMETERS = {
    "resnet50": 25_557_032, "convnext-t": 28_589_128, "vit-s16": 22_050_664, "swin-t": 28_288_354,
    "conformer-s": 10_300_000, "conformer-m": 30_700_000, "zipformer": 65_549_011,
    "dlinear": 18_624, "patchtst": 920_672, "itransformer": 3_252_832, "timesnet": 4_708_231,
}  # fmt: skip
