from __future__ import annotations

import subprocess
import sys

import pytest

from argus_kit.later import imported_later, later


class TestLater:
    def test_it_is_loaded_when_something_of_it_is_asked_for(self):
        script = (
            "import sys\n"
            "from argus_kit.later import later\n"
            "calendar = later('calendar')\n"
            "assert 'calendar' not in sys.modules\n"
            "assert calendar.MONDAY == 0 and calendar.isleap(2024)\n"
            "assert sys.modules['calendar'] is not calendar\n"
        )
        subprocess.run([sys.executable, "-c", script], check=True)

    def test_what_is_not_installed_is_said_then(self):
        absent = later("argus_that_is_not_there")
        with pytest.raises(ModuleNotFoundError):
            absent.anything  # noqa: B018


class TestImportedLater:
    def test_others_get_what_stands_for_it_and_it_still_works(self, monkeypatch):
        monkeypatch.delitem(sys.modules, "colorsys", raising=False)
        with imported_later("colorsys"):
            import colorsys as standing
        assert "colorsys" not in sys.modules
        assert standing.rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)

    def test_a_part_of_it_is_not_there(self, monkeypatch):
        monkeypatch.delitem(sys.modules, "wsgiref", raising=False)
        monkeypatch.delitem(sys.modules, "wsgiref.types", raising=False)
        with imported_later("wsgiref"), pytest.raises(ImportError):
            import wsgiref.types  # noqa: F401

    def test_what_is_loaded_stays(self):
        import json

        with imported_later("json"):
            assert sys.modules["json"] is json
        assert sys.modules["json"] is json

    def test_nats_can_still_go_over_web_sockets(self):
        import nats.aio.transport as transport

        import argus_kit.bus  # noqa: F401

        assert transport.aiohttp.WSMsgType.BINARY
        assert transport.multidict.CIMultiDict
