import pytest

from gates.model import GateError
from gates.repo.yaml12 import load


@pytest.mark.parametrize(
    ("source", "message"), [("- a\n", "does not hold a mapping"), ("a: [", "is not valid YAML")]
)
def test_names_file_when_yaml_is_not_what_it_must_be(source: str, message: str) -> None:
    with pytest.raises(GateError, match=rf"ci\.yml {message}"):
        load("ci.yml", source)
