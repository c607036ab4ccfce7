"""The files of a change by layer and feature."""

import pytest

from gates.report.pull_request.changed_files import changed_files, feature_of, layer_of
from tests.gates.support.sample_project import SampleProject


def test_counts_files_of_each_layer_by_what_happened_to_them(sample: SampleProject) -> None:
    sample.append("backend/app/domain/news.py", "\n").append("backend/app/core/database.py", "\n")
    sample.write("backend/app/domain/events.py").write("docs/tour.md")
    sample.remove("backend/app/application/news.py").remove("noxfile.py")

    found = [(layer.name, dict(layer.kinds), layer.in_words) for layer in changed_files(sample.project)]

    assert found == [
        ("app/application", {"deleted": 1}, ""),
        ("app/core", {"changed": 1}, ""),
        ("app/domain", {"changed": 1, "added": 1}, ""),
        ("docs", {"added": 1}, ""),
        ("root", {"deleted": 1}, ""),
    ]


def test_names_the_features_of_a_layer_the_largest_first(sample: SampleProject) -> None:
    sample.write("backend/app/domain/events.py").write("backend/app/application/events.py").commit()
    sample.append("backend/app/domain/events.py", "\n").append("backend/app/domain/news.py", "\n")
    sample.write("backend/app/domain/news_drafts.py").write("backend/app/domain/errors.py")

    (_, domain) = changed_files(sample.project)

    assert domain.in_words == "news 2, events 1, other 1"


@pytest.mark.parametrize(
    ("path", "layer"),
    [
        ("README.md", "root"),
        ("docs/decisions/0001-a.md", "docs"),
        ("backend/openapi.json", "openapi.json"),
        ("backend/app/main.py", "app"),
        ("backend/app/domain/news.py", "app/domain"),
        ("backend/tests/unit/domain/test_news.py", "tests/unit"),
        ("backend/gates/lint/ruff.py", "gates"),
    ],
)
def test_knows_the_layer_of_a_file(path: str, layer: str) -> None:
    assert layer_of(path) == layer


@pytest.mark.parametrize(
    ("path", "feature"),
    [
        ("backend/app/domain/consultations/answers.py", "consultations"),
        ("backend/app/application/news_queries.py", "news"),
        ("backend/tests/api/test_news_export.py", "news"),
        ("changelog.d/+news-archive.added.md", "other"),
        ("backend/app/domain/newspapers.py", "other"),
        ("backend/app/core/database.py", "other"),
    ],
)
def test_knows_the_feature_of_a_file(path: str, feature: str) -> None:
    assert feature_of(path, {"news", "consultations"}) == feature
