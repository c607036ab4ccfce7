"""The build of the site: Zensical's run, and the checks that are not Zensical's."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from devtools.docs_site.__main__ import create_server, main, serve
from devtools.docs_site.build import build, foreign_resources
from devtools.docs_site.errors import DocsError

MakeGenerator = Callable[[str], Path]


@pytest.fixture
def make_generator(tmp_path: Path) -> MakeGenerator:
    """A program in the place of Zensical, which is not installed where the tests run."""

    def make(body: str) -> Path:
        path = tmp_path / "zensical"
        path.write_text(f"#!{sys.executable}\n{body}\n", encoding="utf-8")
        path.chmod(0o700)
        return path

    return make


def write_site(site: Path, **files: str) -> Path:
    site.mkdir()
    for name, text in files.items():
        (site / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return site


def test_passes_every_page_of_the_repository_to_zensical(
    tmp_path: Path, make_generator: MakeGenerator, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "docs/site"
    generator = make_generator(
        "import pathlib, sys\n"
        "config = pathlib.Path(sys.argv[-1])\n"
        "assert sys.argv[1:-1] == ['build', '--clean', '--strict', '--config-file'], sys.argv\n"
        "(config.parent / 'site').mkdir()\n"
        "(config.parent / 'site/index.html').write_text(config.read_text())"
    )

    assert main([], sources=tmp_path / "docs", generator=generator) == 0

    assert capsys.readouterr().out == f"docs: {site}/index.html is built.\n"
    assert "tutorial/first-change.md" in (site / "index.html").read_text(encoding="utf-8")
    assert (tmp_path / "docs/pages/reference/api/news.md").exists()
    assert (tmp_path / "docs/pages/site.css").exists()


def test_reports_zensical_s_warnings_without_its_traceback(
    tmp_path: Path, make_generator: MakeGenerator
) -> None:
    output = "\\x1b[33mWarning:\\x1b[0m page does not exist\\nTraceback (most recent call last)\\nlines"
    generator = make_generator(f"import sys; print('{output}', file=sys.stderr); sys.exit(1)")

    with pytest.raises(DocsError) as raised:
        build(tmp_path / "zensical.toml", tmp_path / "site", generator)

    assert str(raised.value).endswith("Correct them.\nWarning: page does not exist")


def test_says_how_to_install_zensical_when_it_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DocsError, match=r"Run \./noxw -s docs_env"):
        build(tmp_path / "zensical.toml", tmp_path / "site", tmp_path / "zensical")


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://cdn.example/a.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/a.css">',
        '<link rel="preconnect" href="https://fonts.example">',
        '<img alt="" src="http://cdn.example/a.png">',
    ],
)
def test_refuses_a_page_that_loads_from_another_host(
    tmp_path: Path, make_generator: MakeGenerator, page: str
) -> None:
    site = tmp_path / "site"
    generator = make_generator(
        f"import pathlib; site = pathlib.Path({str(site)!r}); site.mkdir()\n"
        f"(site / 'index.html').write_text({page!r})"
    )

    with pytest.raises(DocsError, match=r"index\.html: "):
        build(tmp_path / "zensical.toml", site, generator)


def test_accepts_links_to_other_hosts(tmp_path: Path) -> None:
    page = (
        '<a href="https://semver.org">SemVer</a><link rel="canonical" href="https://x.example/">'
        '<img alt="" src="a.png">'
    )

    assert [*foreign_resources(write_site(tmp_path / "site", index_html=page))] == []


def test_finds_fonts_of_other_hosts_in_styles(tmp_path: Path) -> None:
    site = write_site(
        tmp_path / "site", site_css='@import "https://a.example/b.css"; a { src: url(//b.example/c) }'
    )

    assert [*foreign_resources(site)] == ["site.css: https://a.example/b.css", "site.css: //b.example/c"]


def test_refuses_stale_commands_before_it_builds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.md").write_text("`./noxw -s gone`", encoding="utf-8")
    for name in ("README.md", "CONTRIBUTING.md", "noxfile.py"):
        (tmp_path / name).touch()

    assert main([], root=tmp_path, sources=tmp_path / "sources", generator=tmp_path / "zensical") == 1

    assert capsys.readouterr().err == "docs: docs/a.md:1: there is no session gone. Correct the command.\n"


def test_serves_the_site_on_this_machine_alone(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", index_html="<h1>Home</h1>")

    with create_server(site, 0) as server:
        threading.Thread(target=server.serve_forever).start()
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        connection.request("GET", "/")
        body = connection.getresponse().read()
        connection.close()
        server.shutdown()

    assert server.server_address[0] == "127.0.0.1"
    assert body == b"<h1>Home</h1>"


def test_serves_until_ctrl_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = write_site(tmp_path / "site", index_html="<h1>Home</h1>")
    bodies: list[bytes] = []
    read_end, write_end = os.pipe()

    def read_the_site_and_interrupt() -> None:
        address = urlsplit(output.readline().split()[1])
        connection = HTTPConnection(address.hostname or "", address.port, timeout=10)
        try:
            connection.request("GET", "/")
            bodies.append(connection.getresponse().read())
        finally:
            connection.close()
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    with os.fdopen(read_end) as output:
        reader = threading.Thread(target=read_the_site_and_interrupt)
        with os.fdopen(write_end, "w") as stdout:
            monkeypatch.setattr(sys, "stdout", stdout)
            reader.start()
            serve(site, 0)
        reader.join()
        rest = output.read()

    assert (bodies, rest) == ([b"<h1>Home</h1>"], "docs: stopped.\n")


def test_refuses_a_port_that_is_not_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--port", "none"])

    assert "'none' is not a port" in capsys.readouterr().err
