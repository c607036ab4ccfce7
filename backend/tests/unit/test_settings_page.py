"""The generated page of the settings."""

from app.core.settings import Settings, variable
from devtools.settings_page import PAGE, page


def test_is_what_the_settings_say_when_read() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "./noxw -s fix writes docs/settings.md"


def test_explains_every_setting_when_written() -> None:
    rows = [line.strip("| ").split(" | ") for line in page().splitlines() if "`PAU2_" in line[:12]]

    explained = {row[0].strip("*`"): row[2] for row in rows}
    settings = {variable(name) for name in Settings.model_fields}
    assert settings - {"DATABASE_URL"} == explained.keys()
    assert all(explained.values())
