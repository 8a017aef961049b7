import pytest

from argus_catalog.crash.classifier import Evidence, classify
from argus_catalog.crash.ending import Ending, HostWord, ending_of
from argus_catalog.crash.host_word import word_of
from argus_catalog.crash.rules import RULES, Kind

TRACE = ["Traceback (most recent call last):", '  File "train.py", line 8, in <module>', "    main()"]

BY_TEXT = [
    ("cuda_oom", "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 23.69 GiB total capacity)"),
    ("cuda_oom", "torch.cuda.OutOfMemoryError: CUDA out of memory."),
    ("cuda_oom", "torch.OutOfMemoryError: HIP out of memory. Tried to allocate 512.00 MiB"),
    ("cuda_oom", "RuntimeError: MPS backend out of memory (MPS allocated: 9 GB)"),
    (
        "cuda_oom",
        "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 1 bytes.",
    ),
    ("cuda_oom", "ResourceExhaustedError: OOM when allocating tensor with shape[64,512]"),
    ("cuda_oom", "RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ("host_oom", "MemoryError"),
    ("host_oom", "numpy.core._exceptions.MemoryError: Unable to allocate 7.2 GiB"),
    ("host_oom", "RuntimeError: DataLoader worker (pid 2131) is killed by signal: Killed."),
    ("host_oom", "slurmstepd: error: Detected 1 oom_kill event in StepId=12.batch."),
    ("host_oom", "OSError: [Errno 12] Cannot allocate memory"),
    ("host_oom", "terminate called after throwing an instance of 'std::bad_alloc'"),
    (
        "host_oom",
        "RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes",
    ),
    ("divergence", "ValueError: loss is nan at step 120"),
    ("divergence", "RuntimeError: Function 'MulBackward0' returned nan values in its 0th output."),
    ("divergence", "Training diverged: loss became inf"),
    ("divergence", "FloatingPointError: Minimum loss scale reached (0.0001)."),
    ("divergence", "ValueError: Input X contains NaN."),
    ("divergence", "non-finite gradients in layer 3, stopping"),
    ("distributed", "[Rank 1] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=12, OpType=ALLREDUCE)"),
    (
        "distributed",
        "torch.distributed.DistBackendError: NCCL error in: ProcessGroupNCCL.cpp:1970, unhandled system error",
    ),
    ("distributed", "ncclRemoteError: A call failed possibly due to a network error"),
    ("distributed", "torch.distributed.elastic.multiprocessing.errors.ChildFailedError:"),
    ("distributed", "RuntimeError: [c10d] The client socket has timed out after 600s"),
    ("disk_full", "OSError: [Errno 28] No space left on device: '/runs/ckpt.pt'"),
    ("disk_full", "OSError: [Errno 122] Disk quota exceeded"),
    ("disk_full", "sqlite3.OperationalError: database or disk is full"),
    ("import_error", "ModuleNotFoundError: No module named 'einops'"),
    ("import_error", "ImportError: cannot import name 'x' from 'lab'"),
    ("import_error", "OSError: libcudnn.so.9: cannot open shared object file: No such file or directory"),
    ("path_error", "FileNotFoundError: [Errno 2] No such file or directory: '/data/train.csv'"),
    ("path_error", "PermissionError: [Errno 13] Permission denied: '/data'"),
    ("path_error", "python: can't open file '/app/trian.py': [Errno 2] No such file or directory"),
    ("segfault", "Fatal Python error: Segmentation fault"),
    ("segfault", "Bus error (core dumped)"),
    ("cuda_error", "RuntimeError: CUDA error: device-side assert triggered"),
    ("cuda_error", "RuntimeError: cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
    ("gpu_fault", "NVRM: Xid (PCI:0000:65:00): 79, pid=4711, GPU has fallen off the bus."),
    ("gpu_fault", "NVRM: Xid (PCI:0000:65:00): 48, pid='<unknown>', An uncorrectable double bit error (DBE)"),
    ("gpu_fault", "RuntimeError: CUDA error: uncorrectable ECC error encountered"),
    ("gpu_fault", "amdgpu 0000:03:00.0: amdgpu: GPU reset begin!"),
    ("cuda_error", "NVRM: Xid (PCI:0000:65:00): 31, pid=4711, name=python, MMU Fault"),
    ("preempted", "slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-11-02T10:00:00 DUE TO TIME LIMIT ***"),
    ("preempted", "*** STEP 9 CANCELLED DUE TO PREEMPTION ***"),
    ("preempted", "job was preempted by a higher priority"),
    ("killed_by_user", "*** JOB 12 ON n1 CANCELLED AT 2026-11-02T10:00:00 ***"),
    ("killed_by_user", "stopped by user"),
    ("assertion", "AssertionError: shapes differ"),
    ("assertion", "train: model.cc:88: void f(): Assertion `n > 0' failed."),
    ("keyboard_interrupt", "KeyboardInterrupt"),
    ("exception", "KeyError: 'labels'"),
    ("exception", "omegaconf.errors.ConfigAttributeError: Missing key lr"),
    ("unknown", "something odd happened"),
]


class TestTexts:
    @pytest.mark.parametrize(("kind", "text"), BY_TEXT)
    def test_the_reason_tells(self, kind, text):
        assert classify(Evidence(reason=text)).kind == kind

    @pytest.mark.parametrize(("kind", "text"), BY_TEXT)
    def test_the_log_tells_where_there_is_no_reason(self, kind, text):
        verdict = classify(Evidence(lines=[("info", "epoch 1"), ("error", text)]))
        assert verdict.kind == kind
        assert (verdict.key == 1) is (kind != "unknown")

    @pytest.mark.parametrize(
        "text",
        [
            "epoch 3 loss: 0.4 nan_count: 0",
            "max memory 11.2 GiB, loss is 0.31",
            "preemption is disabled",
            "no errors found",
            "saved to /data/assertion/nccl.txt",
            "info: inference finished",
            "the user pressed Continue",
        ],
    )
    def test_everyday_lines_show_nothing(self, text):
        assert classify(Evidence(lines=[("info", text)])).kind is Kind.UNKNOWN

    @pytest.mark.parametrize(
        ("text", "facts"),
        [
            ("RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB", {"wanted": "2.00 GiB"}),
            ("ModuleNotFoundError: No module named 'einops'", {"module": "einops"}),
            ("FileNotFoundError: [Errno 2] No such file or directory: '/data/x'", {"path": "/data/x"}),
            ("OSError: [Errno 28] No space left on device: '/runs/c.pt'", {"path": "/runs/c.pt"}),
            ("AssertionError: shapes differ", {"error": "shapes differ"}),
            ("KeyError: 'labels'", {"error": "KeyError"}),
        ],
    )
    def test_facts_for_the_hint(self, text, facts):
        assert classify(Evidence(reason=text)).facts == facts

    def test_colours_do_not_hide_a_sign(self):
        assert classify(Evidence(lines=[("error", "\x1b[31mModule\x1b[0mNotFoundError: x")])).kind == "import_error"

    def test_a_line_of_a_megabyte_is_cut_and_not_searched_for_ever(self):
        assert classify(Evidence(lines=[("info", "loss " * 200_000)])).kind is Kind.UNKNOWN


class TestWhatSpeaksFirst:
    def test_a_cause_in_the_log_says_more_than_an_exception_as_reason(self):
        lines = [("error", "RuntimeError: CUDA out of memory"), *[("info", "shutting down")] * 3]
        verdict = classify(Evidence(reason="SystemExit: 1", lines=lines))
        assert (verdict.kind, verdict.certainty, verdict.key) == ("cuda_oom", "sure", 0)

    def test_a_sign_long_before_the_end_is_only_likely(self):
        lines = [("warn", "CUDA out of memory, trying a smaller batch"), *[("info", "epoch")] * 100]
        assert classify(Evidence(reason="KeyError: 'x'", lines=lines)).certainty == "likely"

    def test_a_named_reason_is_not_overruled_by_the_log(self):
        lines = [("warn", "CUDA out of memory, trying a smaller batch"), ("info", "x")]
        verdict = classify(Evidence(reason="ModuleNotFoundError: No module named 'a'", lines=lines))
        assert (verdict.kind, verdict.key) == ("import_error", None)

    @pytest.mark.parametrize(
        ("ending", "kind", "certainty"),
        [
            (Ending(signal="SIGKILL"), "host_oom", "likely"),
            (Ending(signal="SIGSEGV"), "segfault", "sure"),
            (Ending(signal="SIGTERM"), "killed_by_user", "likely"),
            (Ending(signal="SIGINT"), "keyboard_interrupt", "sure"),
            (Ending(signal="SIGABRT"), "assertion", "likely"),
            (Ending(exit_code=1), "unknown", "none"),
        ],
    )
    def test_a_signal_where_no_text_tells(self, ending, kind, certainty):
        verdict = classify(Evidence(ending=ending, lines=[("info", "epoch 1")]))
        assert (verdict.kind, verdict.certainty) == (kind, certainty)

    def test_a_cause_in_the_log_explains_a_signal(self):
        lines = [("error", "Watchdog caught collective operation timeout")]
        assert classify(Evidence(ending=Ending(signal="SIGABRT"), lines=lines)).kind == "distributed"

    def test_a_stop_that_was_asked_for_explains_an_interrupt_and_no_cause(self):
        asked = Evidence(reason="KeyboardInterrupt", is_stop_requested=True)
        assert classify(asked).kind == "killed_by_user"
        assert classify(Evidence(reason="CUDA out of memory", is_stop_requested=True)).kind == "cuda_oom"

    def test_a_loss_that_is_no_number_and_a_job_that_fell_silent(self):
        assert classify(Evidence(has_nonfinite=True)).kind == "divergence"
        assert classify(Evidence(is_lost=True)).kind == "lost"
        assert classify(Evidence()) == classify(Evidence(lines=()))


KILLED = "Memory cgroup out of memory: Killed process 4711 (python) total-vm:81920kB"
OFF_THE_BUS = "NVRM: Xid (PCI:0000:65:00): 79, pid=4711, GPU has fallen off the bus."
MMU_FAULT = "NVRM: Xid (PCI:0000:65:00): 31, pid=4711, name=python, MMU Fault"


class TestTheHost:
    """What the kernel and the driver said, beside what the run said itself."""

    @pytest.mark.parametrize(
        ("host", "reason", "kind", "certainty"),
        [
            (HostWord(ending=Ending(signal="SIGKILL"), oom=KILLED), None, "host_oom", "sure"),
            (HostWord(oom=KILLED), "KeyError: 'x'", "host_oom", "sure"),
            (HostWord(oom=KILLED), "ncclRemoteError: a peer went away", "host_oom", "sure"),
            (HostWord(oom=KILLED), "CUDA out of memory", "cuda_oom", "sure"),
            (HostWord(gpu_errors=(OFF_THE_BUS,)), None, "gpu_fault", "sure"),
            (HostWord(gpu_errors=(OFF_THE_BUS,)), "Watchdog caught collective operation timeout", "gpu_fault", "sure"),
            (HostWord(gpu_errors=(OFF_THE_BUS,)), "CUDA error: unspecified launch failure", "gpu_fault", "sure"),
            (HostWord(gpu_errors=(OFF_THE_BUS,)), "No module named 'einops'", "import_error", "sure"),
            (HostWord(gpu_errors=(MMU_FAULT,)), None, "cuda_error", "sure"),
            (HostWord(gpu_errors=(MMU_FAULT,)), "loss is nan", "divergence", "sure"),
            (HostWord(gpu_errors=("a line of no rule",)), None, "unknown", "none"),
            (HostWord(ending=Ending(signal="SIGKILL")), None, "host_oom", "likely"),
            (HostWord(ending=Ending(signal="SIGSEGV")), None, "segfault", "sure"),
            (HostWord(ending=Ending(exit_code=1)), "KeyError: 'x'", "exception", "sure"),
        ],
    )
    def test_who_is_believed(self, host, reason, kind, certainty):
        verdict = classify(Evidence(reason=reason, ending=host.ending, host=host))
        assert (verdict.kind, verdict.certainty) == (kind, certainty)

    def test_a_failed_card_is_named_by_the_number_of_its_error(self):
        assert classify(Evidence(host=HostWord(gpu_errors=(OFF_THE_BUS,)))).facts == {"error": "79"}

    @pytest.mark.parametrize("facts", [None, {}, {"oom": 3, "gpu_errors": "x", "last_lines": [1, None]}])
    def test_words_that_are_none(self, facts):
        assert word_of(facts) == HostWord()


class TestShownLines:
    def test_the_traceback_that_names_it(self):
        texts = ["epoch 1", *TRACE, "ValueError: loss is nan", "bye"]
        verdict = classify(Evidence(lines=[("info", text) for text in texts]))
        assert (verdict.kind, verdict.key, verdict.shown) == ("divergence", 4, (1, 2, 3, 4))

    def test_a_traceback_without_a_sign_ends_with_its_exception(self):
        texts = ["epoch 1", *TRACE, "lab.Oops", "bye", "bye"]
        verdict = classify(Evidence(lines=[("info", text) for text in texts]))
        assert (verdict.kind, verdict.shown) == ("unknown", (1, 2, 3, 4))

    def test_lines_around_a_sign_without_a_traceback(self):
        texts = ["a", "b", "c", "d", "No space left on device", "e", "f", "g"]
        assert classify(Evidence(lines=[("info", text) for text in texts])).shown == (2, 3, 4, 5, 6)

    def test_the_last_errors_or_the_last_lines_where_nothing_tells(self):
        lines = [("error", "bad"), *[("info", "fine")] * 20]
        assert classify(Evidence(lines=lines)).shown == (0,)
        assert classify(Evidence(lines=lines[1:])).shown == tuple(range(12, 20))


class TestEnding:
    @pytest.mark.parametrize(
        ("told", "ending"),
        [
            (None, (None, None)),
            ({"exit_code": 1}, (1, None)),
            ({"exit_code": -9}, (-9, "SIGKILL")),
            ({"exitcode": 139}, (139, "SIGSEGV")),
            ({"returncode": 0, "signal": 15}, (0, "SIGTERM")),
            ({"signal": "sigint"}, (None, "SIGINT")),
            ({"signal": "9"}, (None, "SIGKILL")),
            ({"exit_code": True, "signal": "SIGNAL"}, (None, None)),
            ({"exit_code": "1", "signal": 4_000}, (None, None)),
            ({"exit_code": 255}, (255, None)),
            ({"exit_code": None}, (None, None)),
        ],
    )
    def test_codes_and_signals(self, told, ending):
        assert tuple(ending_of(told)) == ending


def test_each_kind_has_one_place_in_the_table():
    kinds = [rule.kind for rule in RULES]
    assert len(kinds) == len(set(kinds))
    assert set(Kind) - set(kinds) == {Kind.LOST, Kind.UNKNOWN}
