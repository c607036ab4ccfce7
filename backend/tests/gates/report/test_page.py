"""The page of the last runs: what it shows, that it is whole, and that nothing in it can do anything."""

import json
import re
import shutil
from itertools import pairwise
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from gates.model import Finding, Project
from gates.report import new_code, page
from gates.report.diagrams import TABLES
from gates.report.runs import load_runs
from gates.runner import Result
from tests.gates.support import prepared_processes
from tests.gates.support.html_parser import parse, text_of, with_class
from tests.gates.support.parts.coverage import COVERAGE, SHOP, MeasuredProject
from tests.gates.support.parts.results import RESULTS, VIOLATION, make_result, record_run
from tests.gates.support.parts.results import TABLES as RULES
from tests.gates.support.sample_project import Part, SampleProject

SCRIPT = "<script>alert(1)</script>"
HOSTILE = Finding(
    file=f'x"onclick=y{SCRIPT}',
    line=1,
    message=f"{SCRIPT}\x1b[2J{{{{ 7 * 7 }}}}",
    fix="</p><img src=//a.example>",
)
HALF_TESTED = "def added(a):\n    if a:\n        return 1\n    return (\n        2\n    )\n"
MEMBERS = [
    {"name": "id", "type": "UUID", "primary": True, "nullable": False, "refers_to": ""},
    {
        "name": "left_at",
        "type": "TIMESTAMP WITH TIME ZONE",
        "primary": False,
        "nullable": True,
        "refers_to": "",
    },
]
AUTHOR = {"name": "author_id", "type": "UUID", "primary": False, "nullable": False, "refers_to": "members"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = SampleProject.build(tmp_path, RESULTS, repository=False).project
    project.reports.mkdir(exist_ok=True)
    return project


@pytest.fixture(scope="session")
def measured_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rules = Part(rules=RULES)
    sample = MeasuredProject.build(tmp_path_factory.mktemp("measured"), COVERAGE, rules, branch="change")
    sample.add_code(HALF_TESTED, "assert shop.added(1) == 1")
    sample.write("backend/app/tested.py", "ANSWER = 42\n")
    sample.write("backend/tests/test_tested.py", "from app.tested import ANSWER\n\n\nassert ANSWER\n")
    with prepared_processes.prepared():
        return sample.measure().root


@pytest.fixture
def measured(measured_once: Path, tmp_path: Path) -> MeasuredProject:
    """A change with one file that is tested in part and one that is tested."""
    return MeasuredProject(shutil.copytree(measured_once, tmp_path, dirs_exist_ok=True))


@pytest.fixture
def tables(tmp_path: Path) -> None:
    """The models' tables, as the gate migration-drift leaves them."""
    place = tmp_path / "reports" / TABLES
    place.parent.mkdir(parents=True, exist_ok=True)
    news = {"name": "news", "columns": [MEMBERS[0], AUTHOR]}
    place.write_text(json.dumps([{"name": "members", "columns": MEMBERS}, news]))


def page_of(project: Project, *results: Result) -> Element:
    """Return the page after a run with these results; by default both gates pass."""
    record_run(project, *(results or (make_result(), make_result(gate="secrets"))))
    return parse(page.render(project))


def code_rows(element: Element) -> dict[str, list[list[str]]]:
    """The rows (line, tests, code) of each changed file."""
    files = {}
    for details in element.iter("details"):
        name = with_class(details, "mono")
        if name and text_of(name[0]).endswith(".py"):
            rows = [[text_of(cell) for cell in row] for row in details.iter("tr")]
            files[text_of(name[0])] = rows[1:]
    return files


def test_shows_findings_with_source_when_a_change_is_refused(project: Project) -> None:
    shown = page_of(project, make_result(VIOLATION, note="3 words"), make_result(gate="secrets"))

    (article,) = shown.iter("article")
    assert text_of(article) == (
        "README.md:3 `teh` is not a word 1 # Words 2 ▶ 3 Say teh word. 4 5 Then stop. Fix: write `the`"
    )
    (hit,) = with_class(article, "hit")
    assert text_of(hit) == "▶ 3 Say teh word."
    assert [text_of(heading) for heading in shown.iter("h1")] == ["✗ The change is refused"]
    assert text_of(with_class(shown, "counts")[0]) == "1 passed 1 failed 1 found"
    (card,) = with_class(shown, "card")
    assert text_of(card[0]) == "spelling R01: Words are spelled. again: ./noxw -s lint"


def test_names_the_commit_and_edits_when_there_is_one(sample: SampleProject) -> None:
    sample.project.reports.mkdir()
    committed = text_of(with_class(page_of(sample.project), "soft")[0])
    sample.write("README.md", "edited")
    edited = text_of(with_class(page_of(sample.project), "soft")[0])

    commit = sample.git("log", "-1", "--format=%h %s")
    assert committed.startswith(f"Commit {commit} ,")
    assert edited.startswith(f"Commit {commit} with edits,")


def test_shows_no_findings_when_the_change_may_be_merged(project: Project) -> None:
    shown = page_of(project)

    assert [text_of(heading) for heading in shown.iter("h1")] == ["✓ The change may be merged"]
    assert list(shown.iter("article")) == []
    assert text_of(next(shown.iter("title"))) == "Passed: 2 of 2 gates"


@pytest.mark.usefixtures("tables")
def test_is_accessible_when_it_is_full(measured: MeasuredProject) -> None:
    shown = page_of(measured.project, make_result(VIOLATION), make_result(gate="secrets"))

    headings = [int(element.tag[1]) for element in shown.iter() if re.fullmatch("h[1-6]", element.tag)]
    assert headings[0] == 1
    assert all(deeper - before <= 1 for before, deeper in pairwise(headings))
    ids = [element.get("id") for element in shown.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    pointers = [e.get("aria-labelledby", "") for e in shown.iter() if e.get("aria-labelledby")]
    pointers += [e.get("href", "")[1:] for e in shown.iter("a") if e.get("href", "").startswith("#")]
    assert {*pointers} <= {*ids}
    assert all(header.get("scope") in {"col", "row"} for header in shown.iter("th"))
    assert all(list(table.iter("thead")) for table in shown.iter("table"))
    assert all(drawing.get("role") == "img" for drawing in shown.iter("svg"))
    assert all(e.get("tabindex") == "0" for e in with_class(shown, "scroll") if e.get("role") == "region")
    assert (shown.get("lang"), len(list(shown.iter("main")))) == ("en", 1)


@pytest.mark.usefixtures("tables")
def test_refers_to_nothing_outside_its_folder_when_it_is_full(measured: MeasuredProject) -> None:
    (measured.project.reports / "new-code.html").write_text("x")
    record_run(measured.project, make_result(VIOLATION))
    rendered = page.render(measured.project)
    shown = parse(rendered)

    linked = [
        value for e in shown.iter() for name, value in e.items() if name in {"href", "src", "xlink:href"}
    ]
    assert "new-code.html" in linked
    assert [link for link in linked if ":" in link or link.startswith("/")] == []
    assert {element.tag for element in shown.iter()}.isdisjoint(
        {"script", "link", "img", "iframe", "object", "embed", "base", "form", "use", "image"}
    )
    (styles,) = shown.iter("style")
    assert "@import" not in text_of(styles)
    assert [use for use in re.findall(r"url\([^)]*", rendered) if not use.startswith("url(#")] == []
    policy = [
        e.get("content") for e in shown.iter("meta") if e.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_shows_hostile_text_as_text_when_a_change_brings_some(project: Project) -> None:
    name = "README.md"
    (project.root / name).write_text(f"{SCRIPT}\x1b[2J\u202e\n")
    found = Finding(file=name, line=1, message="m", fix="f")

    shown = page_of(project, make_result(HOSTILE, found, note=SCRIPT))

    first, second = shown.iter("article")
    assert (
        text_of(first) == rf"{HOSTILE.file}:1 {SCRIPT}\x1b[2J{{{{ 7 * 7 }}}} Fix: </p><img src=//a.example>"
    )
    assert rf"{SCRIPT}\x1b[2J\u202e" in text_of(second)
    assert SCRIPT in text_of(next(shown.iter("table")))
    assert list(shown.iter("script")) == []
    assert [name for element in shown.iter() for name in element.attrib if name.startswith("on")] == []


def test_shows_what_tests_did_to_each_new_line_when_code_is_new(measured: MeasuredProject) -> None:
    shown = page_of(measured.project)

    files = code_rows(shown)
    assert list(files) == [SHOP, "backend/app/tested.py"]
    assert files[SHOP] == [
        ["5", "ran", "def added(a):"],
        ["6", "partial not 6 → 8", "if a:"],
        ["7", "ran", "return 1"],
        ["8", "missed", "return ("],
        ["9", "", "2"],
        ["10", "", ")"],
    ]
    assert [text_of(part) for part in with_class(shown, "end")] == [
        "3 of 4 lines, 1 of 2 branches",
        "1 of 1 lines",
    ]
    opened = ["open" in part.attrib for part in shown.iter("details") if with_class(part, "lines")]
    assert opened == [True, False]
    assert "80.00 % of new lines tested 50.00 % of new branches tested" in text_of(shown)


def test_says_not_measured_when_a_new_file_was_not_run(measured: MeasuredProject) -> None:
    data = measured.project.reports / "coverage/coverage.json"
    content = json.loads(data.read_text())
    del content["files"]["app/shop.py"]
    data.write_text(json.dumps(content))

    shown = page_of(measured.project)

    assert code_rows(shown) == {SHOP: [], "backend/app/tested.py": [["1", "ran", "ANSWER = 42"]]}
    assert [text_of(tag) for tag in with_class(shown, "missed")] == ["not measured"]


def test_marks_excluded_lines_when_coverage_left_them_out(measured: MeasuredProject) -> None:
    data = measured.project.reports / "coverage/coverage.json"
    content = json.loads(data.read_text())
    content["files"]["app/tested.py"] |= {"executed_lines": [], "excluded_lines": [1]}
    data.write_text(json.dumps(content))

    assert code_rows(page_of(measured.project))["backend/app/tested.py"] == [["1", "excluded", "ANSWER = 42"]]


def test_shows_no_new_line_of_a_file_when_it_holds_a_secret(measured: MeasuredProject) -> None:
    found = make_result(Finding(file=SHOP, line=7, message="secret", fix="f"), gate="secrets")

    shown = page_of(measured.project, found)

    assert code_rows(shown)[SHOP] == []
    assert "return 1" not in text_of(shown)


def test_stops_with_a_link_when_the_new_code_is_too_long(
    measured: MeasuredProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_code, "MAX_SOURCE_ROWS", 4)

    shown = page_of(measured.project)

    assert {name: len(rows) for name, rows in code_rows(shown).items()} == {
        SHOP: 4,
        "backend/app/tested.py": 0,
    }
    assert text_of(shown).count("The rest is too long for this page") == 2


def test_says_so_when_no_code_is_new(measured: MeasuredProject) -> None:
    measured.commit()
    measured.git("branch", "--force", "main", "HEAD")

    assert "No measured code is new since main" in text_of(page_of(measured.project))


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file"),
        ("{", "Expecting property name"),
        ("[]", "list indices must be integers"),
        ("{}", "'meta'"),
        ('{"meta": {"branch_coverage": true}, "files": []}', "no attribute 'items'"),
    ],
)
def test_has_the_other_parts_when_coverage_is_broken(
    measured: MeasuredProject, content: str | None, why: str
) -> None:
    data = measured.project.reports / "coverage/coverage.json"
    data.unlink() if content is None else data.write_text(content)

    shown = page_of(measured.project, make_result(VIOLATION))

    reasons = [text_of(reason) for reason in with_class(shown, "none")]
    assert reasons[0].startswith("Coverage cannot be shown.")
    assert why in reasons[0]
    assert len(list(shown.iter("article"))) == 1
    assert with_class(shown, "erd")


def test_says_why_when_nothing_but_results_is_there(project: Project) -> None:
    reasons = [text_of(reason) for reason in with_class(page_of(project), "none")]

    assert [reason.split(" cannot")[0] for reason in reasons] == [
        "The base",
        "Coverage",
        "The changes",
        "The revisions",
        "The dependencies",
        "The files",
        "Durations",
        "The sizes of packages",
        "The policy",
        "The import graph",
        "The tables",
    ]
    assert "git repository" in reasons[1]


def test_compares_seconds_with_the_last_run_when_there_was_one(project: Project) -> None:
    page_of(project, make_result(seconds=1.5))
    page_of(project, make_result(seconds=1.52))

    shown = page_of(project, make_result(seconds=4.0), make_result(gate="secrets"))

    rows = [[text_of(cell) for cell in row] for row in next(shown.iter("table")).iter("tr")][1:]
    assert [row[2] for row in rows] == ["4.00 2.48 more", "1.50 new"]
    (trend,) = with_class(shown, "trend")
    assert trend.get("aria-label") == "1.5 1.5 4.0 seconds"


@pytest.mark.parametrize(
    ("before", "now", "said"), [(1.0, 1.01, "same"), (3.0, 1.0, "2.00 less"), (1.0, 0.0, "")]
)
def test_says_how_seconds_changed_when_a_gate_ran_before(
    project: Project, before: float, now: float, said: str
) -> None:
    page_of(project, make_result(seconds=before))

    assert (
        text_of(list(page_of(project, make_result(seconds=now)).iter("td"))[1]) == f"{now:.2f} {said}".strip()
    )


@pytest.mark.parametrize("kept", ["", "{}", "[1]", '{"results": [{"findings": []}]}'])
def test_forgets_runs_when_they_are_broken(project: Project, kept: str) -> None:
    record_run(project)
    (broken,) = (project.reports / "runs").iterdir()
    broken.write_text(kept)

    page_of(project)

    assert len(load_runs(project)) == 1


@pytest.mark.usefixtures("tables")
def test_draws_the_tables_when_the_models_could_be_read(project: Project) -> None:
    shown = page_of(project)

    (drawing,) = with_class(shown, "erd")
    texts = [text_of(text) for text in drawing.iter("text")]
    assert " ".join(texts) == "members id PK uuid left_at? timestamptz news id PK uuid author_id FK uuid"
    assert len([line for line in drawing.iter("path") if line.get("marker-start")]) == 1
    assert "news : id (primary key), author_id → members" in text_of(shown)


def test_marks_imports_when_no_rule_allows_them(
    sample: SampleProject,
) -> None:
    sample.write("backend/app/domain/bad.py", "from app.infrastructure.database import news\n")
    sample.project.reports.mkdir()

    shown = page_of(sample.project)

    (drawing,) = [svg for svg in shown.iter("svg") if svg.get("aria-labelledby") == "layers-title"]
    boxes = [text_of(text) for text in drawing.iter("text") if not with_class(text, "count")]
    assert sorted(boxes) == ["application", "core", "domain", "infrastructure", "main", "presentation"]
    counts = [text_of(text) for text in with_class(drawing, "count")]
    assert counts.count("1 refused") == 1
    table = [[text_of(cell) for cell in row] for row in list(shown.iter("table"))[-1].iter("tr")]
    cells = {row[0]: dict(zip(table[0][1:], row[1:], strict=True)) for row in table[1:]}
    assert cells["domain"]["infrastructure"] == "1 refused"
    assert cells["presentation"]["domain"] == "1"
    assert cells["presentation"]["core"] == "0"
    assert cells["domain"]["core"] == "never"
    assert cells["domain"]["domain"] == "itself"
    assert "No import breaks the rules" not in text_of(shown)


def test_raises_one_error_when_the_page_cannot_be_written(project: Project) -> None:
    (project.reports / "index.html").mkdir()

    with pytest.raises(page.PageError, match="IsADirectoryError"):
        page.write(project)
