import json
import logging
from collections.abc import Iterator

import pytest

from app.core.logging import configure_logging, get_logger
from app.core.settings import LogFormat


@pytest.fixture
def _logging() -> Iterator[None]:
    """Restore the logging configuration. The test configures it once its standard error is captured."""
    root = logging.getLogger()
    before = root.handlers, root.level
    yield
    root.handlers, root.level = before


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in captured.readouterr().err.splitlines()]


@pytest.mark.usefixtures("_logging")
class TestLogging:
    def test_drops_a_key_when_it_is_not_listed(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure_logging("INFO")
        get_logger().info("logged in", member_id="7", email="canary@pau2.example")

        [line] = lines(capsys)
        assert line.keys() == {"event", "level", "timestamp", "member_id"}

    def test_stays_one_line_when_a_value_has_line_breaks(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure_logging("INFO")
        get_logger().info("refused", code='x\r\n{"event": "forged"}')

        [line] = lines(capsys)
        assert line["event"] == "refused"

    def test_names_error_without_its_text_when_exception_is_logged(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        configure_logging("INFO")
        try:
            int("canary-detail")
        except ValueError:
            get_logger().exception("request failed")
            logging.getLogger("asyncio").exception("task failed")

        ours, theirs = lines(capsys)
        assert ours["error_type"] == theirs["error_type"] == "ValueError"
        assert "test_logging.py" in str(ours["trace"])
        assert "canary" not in f"{ours}{theirs}"

    def test_keeps_arguments_out_when_a_library_logs(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure_logging("INFO")
        logging.getLogger("some.library").warning("cannot send to %s", "canary@pau2.example")

        [line] = lines(capsys)
        assert line["event"] == "cannot send to %s"
        assert line["logger"] == "some.library"

    def test_says_where_it_listens_when_the_server_starts(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure_logging("INFO")
        logging.getLogger("uvicorn.error").info("running on %s", "http://127.0.0.1:8000")

        [line] = lines(capsys)
        assert line["event"] == "running on http://127.0.0.1:8000"

    def test_prevents_forged_columns_when_log_is_for_developers(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        configure_logging("INFO", LogFormat.CONSOLE)
        get_logger().info("refused", code="x\r\n2026 [info] forged", email="canary@pau2.example")

        [line] = capsys.readouterr().err.splitlines()
        assert "refused" in line
        assert r"code='x\r\n2026 [info] forged'" in line
        assert "canary" not in line
