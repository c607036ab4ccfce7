import json
import runpy
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from gates.contract.route_report import main, report, rule_of
from tests.gates.contract.sample_application import MAIN


def test_reports_what_each_route_declares(tmp_path: Path) -> None:
    program = tmp_path / "main.py"
    program.write_text(MAIN)
    create_app = runpy.run_path(str(program))["create_app"]
    rows = {row["path"]: row for row in report(create_app().routes, {"news:read"})}
    assert (rows["/model"]["has_response_schema"], rows["/model"]["has_policy"]) == (True, True)
    assert rows["/nested"]["open_bodies"] == ["Inner"]
    assert [rows[path]["has_response_schema"] for path in ("/nothing", "/empty", "/stream", "/raw")] == [
        True,
        True,
        True,
        False,
    ]


def test_prints_the_report_of_the_real_application(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PAU2_ENVIRONMENT", "test")
    monkeypatch.setattr(sys, "path", [*sys.path])
    main()
    rows = {row["path"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["/health/live"]["has_policy"]
    assert not rows["/openapi.json"]["documented"]


def test_says_what_a_row_of_the_policy_table_asks_for() -> None:
    role = SimpleNamespace(value="ADMIN")

    found = rule_of(SimpleNamespace(minimum_role=role, max_password_age=timedelta(hours=1)))

    assert found == {"role": "ADMIN", "password_hours": 1}
    assert rule_of(None) == {"role": "", "password_hours": None}
