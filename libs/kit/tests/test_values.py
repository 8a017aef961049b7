"""Small things that must be exact: cursors, sealed secrets, the clock."""

from __future__ import annotations

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_kit import clock
from argus_kit.errors import ArgusError
from argus_kit.pagination import decode_cursor, encode_cursor
from argus_kit.secretbox import SecretBox, SecretBoxError, key_file


class TestCursor:
    @given(st.lists(st.none() | st.text() | st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=4))
    def test_a_key_comes_back(self, key: list) -> None:
        cursor = encode_cursor(*key)
        assert decode_cursor(cursor, len(key)) == key
        assert cursor.isascii()
        assert not set("=&+/ ") & set(cursor), "a cursor goes into an address as it is"

    @given(st.text())
    def test_any_other_text_is_the_requests_fault(self, text: str) -> None:
        try:
            decode_cursor(text, 1)
        except ArgusError as error:
            assert error.status == 422

    def test_a_cursor_of_another_list_is_refused(self) -> None:
        with pytest.raises(ArgusError, match="another list"):
            decode_cursor(encode_cursor("a", 1), 3)

    def test_what_is_no_list_is_refused(self) -> None:
        for document in (b"{}", b"1", b'"ab"', b"[1", b"\xff"):
            with pytest.raises(ArgusError):
                decode_cursor(base64.urlsafe_b64encode(document).decode(), 1)


class TestSecretBox:
    @given(st.binary(max_size=200))
    def test_a_secret_comes_back_and_is_not_seen(self, secret: bytes) -> None:
        box = SecretBox("a key for tests only")
        sealed = box.encrypt(secret)
        assert box.decrypt(sealed) == secret
        assert len(secret) < 4 or secret not in sealed

    def test_another_key_or_a_touched_seal_opens_nothing(self) -> None:
        sealed = SecretBox("a key for tests only").encrypt(b"secret")
        with pytest.raises(SecretBoxError, match="ARGUS_CONFIG_KEY"):
            SecretBox("another key for tests").decrypt(sealed)
        with pytest.raises(SecretBoxError):
            SecretBox("a key for tests only").decrypt(sealed[:-2] + b"AA")

    def test_a_short_key_is_refused_with_advice(self) -> None:
        with pytest.raises(ValueError, match="openssl rand"):
            SecretBox("short")

    def test_an_older_key_reads_and_does_not_write(self) -> None:
        old, both, new = (
            SecretBox("the key of last year"),
            SecretBox("the key of this year", "the key of last year"),
            SecretBox("the key of this year"),
        )
        sealed = old.encrypt(b"secret")
        assert both.decrypt(sealed) == b"secret"
        fresh = both.renewed(sealed)
        assert fresh is not None
        assert new.decrypt(fresh) == b"secret"
        assert both.renewed(fresh) is None
        with pytest.raises(SecretBoxError):
            old.decrypt(both.encrypt(b"secret"))


class TestKeyFile:
    def test_it_is_made_once_and_only_for_its_owner(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "config.key"
        key = key_file(path)
        assert len(key) == 64
        assert key_file(path) == key
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert list(path.parent.iterdir()) == [path]

    def test_many_that_start_at_once_get_one_key(self, tmp_path: Path) -> None:
        for round_ in range(20):
            path = tmp_path / str(round_) / "config.key"
            with ThreadPoolExecutor(8) as pool:
                keys = set(pool.map(key_file, [path] * 8))
            assert len(keys) == 1
            assert "" not in keys


class TestClock:
    def test_it_can_be_stopped_and_goes_on_after(self) -> None:
        at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        with clock.frozen(at):
            assert clock.now() == at
            with clock.frozen(at + timedelta(days=1)):
                assert clock.now() == at + timedelta(days=1)
            assert clock.now() == at
        assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)

    def test_the_wires_form(self) -> None:
        at = datetime(2026, 1, 2, 3, 4, 5, 670000, tzinfo=timezone(timedelta(hours=2)))
        assert clock.iso(at) == "2026-01-02T01:04:05Z"
        assert clock.iso_exact(at) == "2026-01-02T01:04:05.670000Z"
        assert clock.iso_exact(at.replace(microsecond=0)) == "2026-01-02T01:04:05Z"
        assert clock.iso(None) is None
