"""Explanations of gates."""

from collections.abc import Sequence

import pytest

from devtools.postgres import PROJECT
from gates.__main__ import main
from gates.explain import PARTS, documentation, explain
from gates.model import GateError, Project
from gates.registry import CHECKS
from tests.gates.cases import INVALID_CASES
from tests.gates.cases.examples import MAX_LINES, examples

WITH_CASES = sorted({case.gate for case in INVALID_CASES})


def explained(*words: str) -> str:
    return explain(Project(root=PROJECT, arguments=words))


@pytest.mark.parametrize("gate", CHECKS)
def test_documents_four_parts_of_every_gate(gate: str) -> None:
    lines = documentation(gate).splitlines()

    assert [part for part in PARTS if any(line.startswith(f"{part} ") for line in lines)] == [*PARTS]


@pytest.mark.parametrize("gate", WITH_CASES)
def test_shows_examples_of_every_gate_with_cases(gate: str) -> None:
    refused, *accepted = examples(gate)

    assert refused.startswith("Refused, ")
    assert any(line.startswith(("    +", "    -")) for line in refused.splitlines())
    assert "    fix: " in refused
    assert [text.partition(",")[0] for text in accepted] == ["Accepted"]
    assert all(len(text.splitlines()) < MAX_LINES + 10 for text in (refused, *accepted))


def test_explains_all_gates_of_a_rule() -> None:
    text = explained("R10")

    assert text.startswith("migration-head\n==============\nRun it with: ./noxw -s migrations\n")
    assert "\nmigration-drift\n===============\n" in text


@pytest.mark.parametrize("words", [["[R04", "handlers]"], ["handlers"], ["R04"]])
def test_explains_one_gate_when_a_finding_is_copied(words: Sequence[str]) -> None:
    assert explained(*words) == explained("handlers")


def test_explains_a_rule_of_the_linter() -> None:
    assert "unused-import" in explained("[F401]")


@pytest.mark.parametrize("word", ["R99", "poetry", "ZZZ999"])
def test_refuses_word_when_it_names_nothing(word: str) -> None:
    with pytest.raises(GateError, match=f"{word} is not a rule"):
        explained(word)


def test_prints_the_explanation_when_it_is_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "secrets"]) == 0

    assert capsys.readouterr().out.startswith("secrets\n=======\n")


@pytest.mark.parametrize("command", ["run", "all", "explain", "openapi", "table", "index", "hooks"])
def test_prints_help_of_every_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])

    assert f"usage: python -m gates {command}" in capsys.readouterr().out
