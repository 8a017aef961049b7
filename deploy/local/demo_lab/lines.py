"""What the trainings printed: progress bars, coloured levels, and how each kind of failure looks in a log."""

from __future__ import annotations

from demo_lab.curves import point, random_of
from demo_lab.plan import JobPlan
from demo_lab.world import MACHINE

_GREEN, _YELLOW, _RED, _DIM, _BOLD, _OFF = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m", "\x1b[1m", "\x1b[0m"
_STEPS = 391

Line = tuple[str, str, str]
"""Level, text, stream."""


def opening(job: JobPlan, host: str) -> list[Line]:
    """Before the first epoch."""
    cards = ",".join(map(str, job.gpus))
    return [
        ("info", f"{_BOLD}train.py{_OFF} model={job.model} dataset={job.dataset} seed={job.config['seed']}", "stdout"),
        ("info", f"{_GREEN}INFO{_OFF} CUDA_VISIBLE_DEVICES={cards}: {MACHINE[host].card} on {host}", "stderr"),
        ("debug", f"{_DIM}DEBUG torch 2.9.0, cudnn 9.10, TF32 on, compile=reduce-overhead{_OFF}", "stderr"),
    ]


def of_epoch(job: JobPlan, epoch: int) -> list[Line]:
    """One epoch: a bar as tqdm leaves it, every few epochs a line with results, now and then a warning."""
    numbers, chance = point(job, epoch), random_of(job.slug, job.id, epoch, "lines")
    rate = _STEPS / numbers["time/epoch_s"]
    took = divmod(int(numbers["time/epoch_s"]), 60)
    pace = f"[{took[0]:02}:{took[1]:02}<00:00, {rate:.2f}it/s, loss={numbers['train_loss']:.3f}]"
    bar = f"Epoch {epoch}/{job.epochs}: 100%|██████████| {_STEPS}/{_STEPS} {pace}"
    found: list[Line] = [("info", bar, "stderr")]
    if epoch % 3 == 0 or epoch == job.stop_epoch:
        shown = " ".join(f"{name}={value:.4g}" for name, value in numbers.items() if name.startswith(("val", "lr")))
        found.append(("info", f"{_GREEN}INFO{_OFF} epoch {epoch}: {shown}", "stdout"))
    if chance.random() < 0.04:
        found.append(
            (
                "warning",
                f"{_YELLOW}WARNING{_OFF} dataloader: worker 3 waited {chance.uniform(1.1, 4):.1f} s for storage",
                "stderr",
            )
        )
    return found


def ending(job: JobPlan, host: str) -> list[Line]:
    """After the last epoch: how it ended."""
    if job.outcome in FAILURES:
        return [(_level(line), line, "stderr") for line in traceback_of(job, host)]
    if job.outcome == "pruned":
        return [("info", f"{_YELLOW}INFO{_OFF} trial pruned at epoch {job.stop_epoch}", "stdout")]
    return [("info", f"{_GREEN}INFO{_OFF} done, best checkpoint saved to runs/{job.id}/best.pt", "stdout")]


def _level(line: str) -> str:
    return "warning" if "Warning" in line else "error"


FAILURES = ("oom", "nan", "disk", "import", "killed")


def reason(job: JobPlan, host: str) -> str:
    """The failure in one line, as the SDK reports it."""
    return traceback_of(job, host)[-1] if job.outcome != "killed" else "SIGKILL"


def exit_code(job: JobPlan) -> int:
    """As a shell has it."""
    return 137 if job.outcome == "killed" else 1


def traceback_of(job: JobPlan, host: str) -> list[str]:
    """The end of the log of a job that failed."""
    total = MACHINE[host].vram_mb / 1024
    return _TRACEBACKS[job.outcome](job, total)


def _oom(job: JobPlan, total: float) -> list[str]:
    return [
        "Traceback (most recent call last):",
        '  File "/home/lab/code/train.py", line 214, in <module>',
        "    main(parse_args())",
        '  File "/home/lab/code/train.py", line 187, in main',
        "    loss = trainer.step(batch)",
        '  File "/home/lab/code/engine/trainer.py", line 92, in step',
        "    self.scaler.scale(loss).backward()",
        '  File "/home/lab/.venv/lib/python3.11/site-packages/torch/_tensor.py", line 648, in backward',
        "    torch.autograd.backward(",
        (
            f"torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.25 GiB. GPU {job.gpus[0]} has a total "
            f"capacity of {total:.2f} GiB of which 1.08 GiB is free. Process 31877 has {total - 1.1:.2f} GiB memory in "
            "use. If reserved but unallocated memory is large try setting "
            "PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True."
        ),
    ]  # fmt: skip


def _nan(job: JobPlan, total: float) -> list[str]:
    return [
        "RuntimeWarning: overflow encountered in exp",
        "Traceback (most recent call last):",
        '  File "/home/lab/code/engine/trainer.py", line 101, in step',
        "    check_finite(loss, step=self.step_no)",
        '  File "/home/lab/code/engine/guards.py", line 17, in check_finite',
        '    raise FloatingPointError(f"loss is {loss.item()} at step {step}")',
        f"FloatingPointError: loss is nan at step {job.stop_epoch * _STEPS - 7}",
    ]


def _disk(job: JobPlan, total: float) -> list[str]:
    return [
        "Traceback (most recent call last):",
        '  File "/home/lab/code/engine/checkpoint.py", line 44, in save',
        "    torch.save(state, tmp_path)",
        '  File "/home/lab/.venv/lib/python3.11/site-packages/torch/serialization.py", line 964, in save',
        "    _save(obj, opened_zipfile, pickle_module, pickle_protocol)",
        "RuntimeError: [enforce fail at inline_container.cc:664] . unexpected pos 1276544 vs 1276438",
        "",
        "During handling of the above exception, another exception occurred:",
        "",
        f"OSError: [Errno 28] No space left on device: 'runs/{job.id}/epoch-{job.stop_epoch}.pt.tmp'",
    ]


def _import(job: JobPlan, total: float) -> list[str]:
    return [
        "Traceback (most recent call last):",
        '  File "/home/lab/code/train.py", line 9, in <module>',
        "    from models import build_model",
        '  File "/home/lab/code/models/__init__.py", line 4, in <module>',
        "    from mamba_ssm import Mamba",
        "ModuleNotFoundError: No module named 'mamba_ssm'",
    ]


def _killed(job: JobPlan, total: float) -> list[str]:
    return [
        "slurmstepd: error: Detected 1 oom_kill event in StepId=48113.batch. Some step tasks have been OOM Killed.",
        "Killed",
    ]


_TRACEBACKS = {"oom": _oom, "nan": _nan, "disk": _disk, "import": _import, "killed": _killed}
