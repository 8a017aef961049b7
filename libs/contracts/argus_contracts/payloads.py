"""What the ``data`` of each event type may say.

These structs are the documentation of the payloads and the source of the decoder's checks, of ``event.schema.json`` and
of ``asyncapi.yaml``. Nobody decodes into them: ``data`` stays a dict, since senders may add keys of their own to any
type. A key declared ``Any`` is known and read, but never a reason to refuse an event.
"""

from typing import Annotated, Any, Final, Literal

import msgspec

from argus_contracts.events import EventType

Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class BatchStartData(msgspec.Struct):
    """A run begins, or goes on under the same batch id. ``n_total_jobs`` 0 means unknown.

    ``joined`` true: one of several processes that share the batch; it opens the batch again that the others ended.
    ``resumed`` true: the sender means to go on with a run, though it was done.
    """

    experiment_type: str | None = None
    n_total_jobs: Int64 | None = None
    command: str | None = None
    joined: Any = None
    resumed: Any = None


class BatchDoneData(msgspec.Struct):
    """A run ended well. ``total_elapsed_s`` in seconds.

    ``joined`` true: one of several processes left; the batch ends when no job of it is running any more.
    """

    n_done: Int64 | None = None
    n_failed: Int64 | None = None
    total_elapsed_s: float | None = None
    joined: Any = None


class BatchFailedData(msgspec.Struct):
    """A run ended with an error. ``reason`` and ``error`` are the same field; senders use either."""

    error: str | None = None
    n_done: Int64 | None = None
    n_failed: Int64 | None = None
    reason: Any = None
    total_elapsed_s: Any = None


class JobStartData(msgspec.Struct):
    """A job begins. Other keys are kept as the job's extra facts, among them ``optuna`` and ``config``, its settings.

    Two jobs of the same ``config`` have the same ``config_digest``.
    """

    model: str | None = None
    dataset: str | None = None
    config_digest: str | None = None
    run_dir: str | None = None
    optuna: Any = None
    config: Any = None


class JobEpochData(msgspec.Struct):
    """One point of a job's curves. Every other numeric key is a metric too. ``batch_time_ms`` in milliseconds."""

    epoch: Int64
    train_loss: float | None = None
    val_loss: float | None = None
    lr: float | None = None
    batch_time_ms: Any = None


class JobStepData(msgspec.Struct):
    """Numbers at one step of a job's training: every other numeric key is a metric. Epochs are not counted by it."""

    step: Int64


class JobCheckpointData(msgspec.Struct):
    """A job has saved itself under ``path`` on its host, after ``epoch`` or ``step``: from there it can go on."""

    path: str
    epoch: Int64 | None = None
    step: Int64 | None = None
    metrics: Any = None


class AlertData(msgspec.Struct):
    """A word from the training to whoever watches it, of its job where it names one.

    ``wait_s``: the sender does not say the same title again within so many seconds.
    """

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    text: Annotated[str, msgspec.Meta(max_length=4000)] | None = None
    level: Literal["info", "warn", "error"] | None = None
    wait_s: Any = None


class BatchPausedData(msgspec.Struct):
    """The process of a run has saved itself and ends now with exit code 75; the run can go on under the same batch id.

    ``checkpoint`` says where: ``job_id``, ``path``, ``epoch``, ``step``. ``joined`` true: one of several processes that
    share the batch, with those of its ``jobs`` (ids) that were running; the last of them pauses it. The server tells
    it too, where a process could not; it says who asked, and as ``reason`` why a resume came to nothing.
    """

    checkpoint: Any = None
    jobs: Any = None
    joined: Any = None
    reason: Any = None
    requested_by: Any = None
    requested_at: Any = None


class JobDoneData(msgspec.Struct):
    """A job ended. ``status`` is free text, DONE when absent. ``metrics`` may hold texts beside numbers.

    ``config``, an object, replaces the one of the start, with its ``config_digest``.
    """

    status: str | None = None
    elapsed_s: float | None = None
    train_epochs: Int64 | None = None
    metrics: dict[str, Any] | None = None
    resources: dict[str, Any] | None = None
    config: Any = None
    config_digest: Any = None


class JobFailedData(msgspec.Struct):
    """A job ended with an error. ``reason`` and ``error`` are the same field; senders use either."""

    error: str | None = None
    elapsed_s: float | None = None
    status: Any = None
    reason: Any = None


class ResourceSnapshotData(msgspec.Struct):
    """What a host and the reporting process use now. ``*_pct`` 0..100, ``*_mb`` MiB, ``gpu_temp_c`` degrees Celsius.

    The ``proc_*`` values are read when they are numbers and kept as they came otherwise; they are of the process and
    its children, and ``proc_cpu_pct`` is 100 for one core. ``*_mb_s`` are MiB per second since the snapshot before,
    ``load_1m`` the mean number of processes that ran or waited. The ``gpu_*`` values tell of one card: the first on
    which the run holds memory, else the first that it may use. ``gpus`` has an object for each card: ``index``,
    ``vendor``, ``uuid``, ``name``, ``util_pct``, ``mem_util_pct``, ``mem_mb``, ``mem_total_mb``, ``temp_c``,
    ``power_w``, ``power_limit_w``, ``fan_pct``, ``clock_sm_mhz``, ``clock_mem_mhz``, ``throttle`` (names of reasons),
    ``ecc_corrected``, ``ecc_uncorrected`` (since the driver was loaded), ``proc_mem_mb``, ``processes`` (``pid``,
    ``mem_mb``, ``own``), ``visible`` and ``ordinal`` (the number by which the process counts it), ``mig`` (instances),
    ``error``; a card leaves out what it cannot tell.
    """

    gpu_util_pct: float | None = None
    gpu_mem_mb: float | None = None
    gpu_mem_total_mb: float | None = None
    gpu_temp_c: float | None = None
    cpu_util_pct: float | None = None
    ram_mb: float | None = None
    ram_total_mb: float | None = None
    disk_free_mb: float | None = None
    disk_total_mb: float | None = None
    proc_cpu_pct: Any = None
    proc_ram_mb: Any = None
    proc_gpu_mem_mb: Any = None
    host: Any = None
    pid: Any = None
    proc_children: Any = None
    swap_mb: Any = None
    load_1m: Any = None
    disk_read_mb_s: Any = None
    disk_write_mb_s: Any = None
    net_rx_mb_s: Any = None
    net_tx_mb_s: Any = None
    gpus: Any = None


class LogLineData(msgspec.Struct):
    """One line of output. ``line`` and ``message`` are the same field; senders use either.

    ``stream`` is ``stdout`` or ``stderr`` for a line that the run printed. A line with ``dropped`` stands for so many
    that were not sent.
    """

    level: str | None = None
    message: str | None = None
    line: Any = None
    stream: Any = None
    dropped: Any = None


class EnvSnapshotData(msgspec.Struct):
    """What the run was made of; the first one of a batch is kept. ``cwd`` and ``env`` are what a rerun starts with.

    ``config`` are the run's settings, ``git_diff`` the beginning of what differs from the commit (``git_diff_bytes``
    and ``git_diff_sha256`` are of the whole), ``git_untracked`` the first names of files that git does not know.
    ``cuda_version`` or ``hip_version`` is what torch was built for, ``cuda_driver_version`` the newest that the driver
    runs. ``gpus`` has an object for each card with what does not change. ``*_mb`` MiB. ``container`` and ``scheduler``
    are objects with a ``kind``.
    """

    git_sha: str | None = None
    git_branch: str | None = None
    git_dirty: bool | None = None
    python_version: str | None = None
    hydra_config_digest: str | None = None
    hydra_config_content: str | None = None
    hostname: str | None = None
    pip_freeze: list[str] | None = None
    git_remote: Any = None
    cwd: Any = None
    env: Any = None
    config: Any = None
    config_digest: Any = None
    git_diff: Any = None
    git_diff_truncated: Any = None
    git_diff_bytes: Any = None
    git_diff_sha256: Any = None
    git_untracked: Any = None
    git_untracked_count: Any = None
    command: Any = None
    entry_script: Any = None
    executable: Any = None
    python_implementation: Any = None
    pid: Any = None
    fqdn: Any = None
    user: Any = None
    os: Any = None
    platform: Any = None
    machine: Any = None
    cpu_model: Any = None
    cpu_count: Any = None
    cpu_physical: Any = None
    cpu_usable: Any = None
    ram_total_mb: Any = None
    gpus: Any = None
    gpu_names: Any = None
    driver_version: Any = None
    cuda_version: Any = None
    cuda_driver_version: Any = None
    cudnn_version: Any = None
    hip_version: Any = None
    container: Any = None
    scheduler: Any = None


PAYLOADS: Final[dict[str, type[msgspec.Struct]]] = {
    EventType.BATCH_START: BatchStartData,
    EventType.BATCH_DONE: BatchDoneData,
    EventType.BATCH_FAILED: BatchFailedData,
    EventType.JOB_START: JobStartData,
    EventType.JOB_EPOCH: JobEpochData,
    EventType.JOB_STEP: JobStepData,
    EventType.JOB_DONE: JobDoneData,
    EventType.JOB_FAILED: JobFailedData,
    EventType.RESOURCE_SNAPSHOT: ResourceSnapshotData,
    EventType.LOG_LINE: LogLineData,
    EventType.ENV_SNAPSHOT: EnvSnapshotData,
    EventType.JOB_CHECKPOINT: JobCheckpointData,
    EventType.BATCH_PAUSED: BatchPausedData,
    EventType.ALERT: AlertData,
}


class BatchSummaryData(msgspec.Struct):
    """A batch's summary columns, sent at most once per flush, when one of them changed. Times are ISO 8601 UTC."""

    status: str
    n_total: Int64 | None
    n_done: Int64
    n_failed: Int64
    n_jobs: Int64
    start_time: str | None
    end_time: str | None
    last_event_at: str | None
    is_stalled: bool
    divergent: bool
    pause_requested_at: str | None = None
    paused_at: str | None = None
    paused_s: Int64 = 0


class RequestedData(msgspec.Struct):
    """Who asked for a stop, a pause or a resume, and when (ISO 8601 UTC)."""

    requested_by: str | None = None
    requested_at: str | None = None
    reason: str | None = None


class BatchStoppedData(msgspec.Struct):
    """The batch ended because it was asked to."""

    reason: str | None = None
    n_done: Int64 | None = None
    n_failed: Int64 | None = None


class BatchStalledData(msgspec.Struct):
    """Nothing was heard of the batch for a while: ``silent_s`` seconds, which are ``minutes_since`` minutes."""

    last_event_at: str | None = None
    silent_s: float | None = None
    minutes_since: float | None = None


class BatchDivergedData(msgspec.Struct):
    """A job's loss grows instead of shrinking, or is not a number: ``reason`` is ``ratio`` or ``nan_or_inf``.

    ``value`` is the loss now and ``reference`` the one that it grew from, ``ratio`` times within ``window`` values.
    """

    job_id: str | None = None
    epoch: Int64 | None = None
    value: Any = None
    reference: Any = None
    reason: str | None = None
    ratio: float | None = None
    window: Int64 | None = None
    metric: str | None = None


class JobIdleData(msgspec.Struct):
    """A job's GPU does nothing, or works again: ``gpu`` is its index, ``minutes`` how long.

    ``gpu_util_pct`` and, where it works again, ``newest_util_pct`` are 0..100.
    """

    gpu_util_pct: float | None = None
    minutes: float | None = None
    job_id: str | None = None
    gpu: str | None = None
    newest_util_pct: float | None = None


class RerunRequestedData(msgspec.Struct):
    """A rerun was asked for; written to the new batch."""

    source_batch_id: str
    overrides: dict[str, Any]
    requested_by: str | None = None
    requested_at: str | None = None


class ArtifactAddedData(msgspec.Struct):
    """A file was uploaded to a job, or to the batch as a whole. It is told, not kept: the list of files has it."""

    artifact_id: Int64
    filename: str
    mime: str
    size_bytes: Int64
    label: str | None = None


SERVER_PAYLOADS: Final[dict[str, type[msgspec.Struct]]] = {
    EventType.BATCH_SUMMARY: BatchSummaryData,
    EventType.BATCH_STOP_REQUESTED: RequestedData,
    EventType.BATCH_STOPPED: BatchStoppedData,
    EventType.BATCH_STALLED: BatchStalledData,
    EventType.BATCH_DIVERGED: BatchDivergedData,
    EventType.JOB_IDLE_FLAGGED: JobIdleData,
    EventType.JOB_IDLE_RECOVERED: JobIdleData,
    EventType.RERUN_REQUESTED: RerunRequestedData,
    EventType.BATCH_PAUSE_REQUESTED: RequestedData,
    EventType.BATCH_RESUMED: RequestedData,
    EventType.ARTIFACT_ADDED: ArtifactAddedData,
}
