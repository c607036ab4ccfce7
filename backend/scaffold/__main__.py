"""The command line of the scaffolds: `python -m scaffold entity|field|endpoint …` in backend/."""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from scaffold.endpoint import plan_endpoint
from scaffold.entity import plan_entity
from scaffold.errors import ScaffoldError
from scaffold.field import plan_field
from scaffold.fields import EXAMPLES as TYPES
from scaffold.plan import Plan
from scaffold.specification import EXAMPLE, parse_entity

ROOT = Path(__file__).parents[2]
CONTRACT = "backend/openapi.json"
PARTS = (
    "fields, status:A,B and a verb:NAME from each status to the next, owner:NAME of the member who creates it"
)


def main(arguments: Sequence[str]) -> int:
    """Write what the command line asks for and return 0, or print why not and return 2."""
    options = _parser().parse_args(arguments)
    plan = Plan(ROOT)
    try:
        _fill(plan, options)
        if options.dry_run:
            print(plan.diff(), end="")
            print(f"{CONTRACT} is written by ./noxw -s openapi afterwards.", file=sys.stderr)
            return 0
        plan.check_clean(CONTRACT)
        plan.write()
    except ScaffoldError as error:
        print(f"{options.scaffold}: {error}", file=sys.stderr)
        return 2
    for path in sorted([*plan.new, *plan.edited]):
        print(f"{'new   ' if path in plan.new else 'edited'} {path}")
    code = subprocess.run([sys.executable, "-m", "gates", "openapi"], check=False).returncode
    print(f"edited {CONTRACT}\nRead the diff, then run ./noxw -s quick and ./noxw.")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./noxw -s")
    commands = parser.add_subparsers(dest="scaffold", required=True)
    entity = commands.add_parser("entity", help="write an entity in all layers", epilog=f"Example: {EXAMPLE}")
    entity.add_argument("name", help="singular noun in snake case, such as tool_loan")
    entity.add_argument("parts", nargs="+", metavar="part", help=f"{PARTS}; types of fields: {TYPES}")
    entity.add_argument("--plural", help="the plural, if it is irregular")
    entity.add_argument("--exports", action="store_true", help="also write an export as CSV, XLSX and JSON")
    field = commands.add_parser("field", help="write a field of an entity in all layers")
    field.add_argument("feature", help="the feature's plural noun, such as news")
    field.add_argument("part", metavar="field:type?", help=f"an optional field, such as {TYPES}")
    endpoint = commands.add_parser("endpoint", help="write a verb of an entity and its route")
    endpoint.add_argument("feature", help="the feature's plural noun, such as news")
    endpoint.add_argument("verb", help="such as unpublish, the reverse of publish")
    endpoint.add_argument("parts", nargs="*", metavar="from:STATUS to:STATUS", help="the change of status")
    for command in (entity, field, endpoint):
        command.add_argument("--dry-run", action="store_true", help="print the diff and write nothing")
    return parser


def _fill(plan: Plan, options: argparse.Namespace) -> None:
    today = datetime.now(UTC).date()
    if options.scaffold == "entity":
        spec = parse_entity(options.name, options.parts, plural=options.plural, exports=options.exports)
        plan_entity(plan, spec, today=today)
    elif options.scaffold == "field":
        plan_field(plan, options.feature, options.part, today=today)
    else:
        plan_endpoint(plan, options.feature, options.verb, options.parts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
