"""The command: `./noxw -s soundness -- --mutants 400 --seed 1 --path 'app/domain/*' --tests tests/unit`."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from gates.model import GateError, Project
from gates.soundness.judgement import ESCAPED
from gates.soundness.measurement import measure
from gates.soundness.report import Settings, table, write_report

ROOT = Path(__file__).resolve().parents[3]


def main(arguments: list[str]) -> int:
    """Measure; return 0 without an escape, 1 with one, 2 when it cannot be measured."""
    settings = Settings(**vars(parser().parse_args(arguments)))
    project = Project(root=ROOT)
    try:
        judgement, total = measure(project, settings, lambda text: print(text, flush=True))
    except GateError as error:
        print(f"soundness: {error}", file=sys.stderr)
        return 2
    write_report(project, settings, judgement, total)
    print(table(judgement))
    return 1 if any(comparison.outcome == ESCAPED for comparison in judgement.comparisons) else 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    root = argparse.ArgumentParser(prog="./noxw -s soundness --", description="Prove the remembered results.")
    root.add_argument("--mutants", type=int, default=400, metavar="N", help="size of the sample")
    root.add_argument("--seed", type=int, default=1, help="another seed is another sample")
    root.add_argument(
        "--daily", action="store_const", dest="seed", const=_day(), help="take the sample of this day"
    )
    root.add_argument("--path", action="append", default=[], dest="paths", help="pattern of measured files")
    root.add_argument(
        "--tests", action="append", default=[], metavar="FOLDER", help="take these tests for all tests"
    )
    return root


def _day() -> int:
    """Return the number of the day, which is the seed of its sample."""
    return datetime.now(UTC).toordinal()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
