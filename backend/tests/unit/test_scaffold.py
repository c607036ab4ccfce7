"""The arguments of the scaffolds."""

from decimal import Decimal

import pytest

from scaffold.errors import ScaffoldError
from scaffold.fields import Field, Kind, parse_field
from scaffold.names import noun, pluralize
from scaffold.samples import samples_of
from scaffold.specification import Verb, parse_entity

PARTS = ["title:text200", "status:OPEN,RETURNED", "verb:return", "owner:borrower"]


def test_spells_a_noun_in_every_way_when_code_needs_it() -> None:
    loan = noun("tool_loan")

    assert (loan.plural, loan.pascal, loan.constant, loan.path) == (
        "tool_loans",
        "ToolLoan",
        "TOOL_LOANS",
        "tool-loans",
    )
    assert (loan.words, loan.plural_words, loan.with_article) == ("tool loan", "tool loans", "a tool loan")
    assert noun("invoice").with_article == "an invoice"
    assert noun("person", "people").plural == "people"


@pytest.mark.parametrize(
    ("singular", "plural"),
    [
        ("tool_loan", "tool_loans"),
        ("party", "parties"),
        ("key", "keys"),
        ("box", "boxes"),
        ("branch", "branches"),
        ("address", "addresses"),
    ],
)
def test_adds_the_regular_ending_when_made_plural(singular: str, plural: str) -> None:
    assert pluralize(singular) == plural


@pytest.mark.parametrize(
    ("name", "plural", "message"),
    [
        ("ToolLoan", None, "Use at most 30 lower-case letters, digits and underscores, such as tool_loan"),
        ("tool__loan", None, "'tool__loan' cannot name an entity"),
        ("t" * 31, None, "cannot name an entity"),
        ("class", None, "'class' is a keyword of Python"),
        ("list", None, "Use two words, such as tool_loan"),
        ("event", None, "already means something else"),
        ("person", "People", "cannot name the plural of an entity"),
        ("sheep", "sheep", "Singular and plural are equal"),
    ],
)
def test_refuses_a_noun_when_code_cannot_have_it(name: str, plural: str | None, message: str) -> None:
    with pytest.raises(ScaffoldError, match=message):
        noun(name, plural)


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("title:text200", {"kind": Kind.TEXT, "high": 200}),
        ("title:text5000?", {"kind": Kind.TEXT, "high": 5000, "optional": True}),
        ("notes:lines2000?", {"kind": Kind.LINES, "high": 2000, "optional": True}),
        ("days:int1-30", {"kind": Kind.INTEGER, "low": 1, "high": 30}),
        ("degrees:int-40-40", {"kind": Kind.INTEGER, "low": -40, "high": 40}),
        (
            "price:decimal0.00-999.99",
            {"kind": Kind.DECIMAL, "low": Decimal("0.00"), "high": Decimal("999.99"), "places": 2},
        ),
        ("fragile:bool", {"kind": Kind.BOOLEAN}),
        ("due_on:date?", {"kind": Kind.DATE, "optional": True}),
        ("due_at:datetime", {"kind": Kind.DATETIME}),
        ("size:SMALL,LARGE_2", {"kind": Kind.CHOICE, "choices": ("SMALL", "LARGE_2")}),
    ],
)
def test_reads_a_field_when_its_type_is_known(argument: str, expected: dict[str, object]) -> None:
    found = parse_field(argument, "Tool")

    name = argument.partition(":")[0]
    assert {key: getattr(found, key) for key in ("name", *expected)} == {"name": name, **expected}
    assert found.optional is argument.endswith("?")


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("title", "'title' has an unknown type. Write a field like one of these: title:text200"),
        ("title:text", "unknown type"),
        ("title:text0", "unknown type"),
        ("title:varchar20", "unknown type"),
        ("days:int30-1", "The least value of days comes first. Write days:int1-30."),
        ("price:decimal9.50-1.00", "The least value of price comes first. Write price:decimal1.00-9.50."),
        ("price:decimal0.0-9.99", "write both limits with the same number of decimal places"),
        ("price:decimal0-9", "unknown type"),
        ("size:SMALL", "at least two different values in capitals"),
        ("size:SMALL,SMALL", "at least two different values in capitals"),
        ("Title:text200", "'Title' cannot name a field"),
        ("class:text200", "keyword"),
        ("version:int1-9", "'version' is taken"),
        ("model_name:text9", "'model_name' is taken"),
        ("json:text9", "'json' is taken"),
    ],
)
def test_refuses_a_field_when_it_cannot_be_generated(argument: str, message: str) -> None:
    with pytest.raises(ScaffoldError, match=message):
        parse_field(argument, "Tool")


@pytest.mark.parametrize(
    ("argument", "types"),
    [
        ("title:text200", ("str", "Title", "Text", "sa.Text()")),
        ("notes:lines2000", ("str", "Notes", "Text", "sa.Text()")),
        ("days:int1-30?", ("int | None", "Days | None", "Integer", "sa.Integer()")),
        ("price:decimal-99.9-1.0?", ("Decimal | None", "Price | None", "Numeric(3, 1)", "sa.Numeric(3, 1)")),
        ("fragile:bool", ("bool", "bool", "Boolean", "sa.Boolean()")),
        ("due_on:date", ("date", "Day", "Date", "sa.Date()")),
        (
            "due_at:datetime",
            ("datetime", "Instant", "DateTime(timezone=True)", "sa.DateTime(timezone=True)"),
        ),
        (
            "size:SMALL,LARGE",
            (
                "ToolSize",
                "ToolSize",
                'Enum(ToolSize, native_enum=False, create_constraint=True, name="size", length=20)',
                "sa.String(20)",
            ),
        ),
    ],
)
def test_spells_the_type_of_a_field_when_a_layer_needs_it(argument: str, types: tuple[str, ...]) -> None:
    field = parse_field(argument, "Tool")

    assert (field.annotation, field.request_annotation, field.column_type, field.revision_type) == types


def test_states_the_rule_when_a_field_has_one() -> None:
    title, days = parse_field("short_title:text2000", "Tool"), parse_field("days:int1-30", "Tool")

    assert (title.rule, title.error) == ("The short title has 1 to 2,000 characters.", "ToolShortTitleError")
    assert (days.rule, days.error) == ("The value is a whole number from 1 to 30.", "ToolDaysError")
    price = parse_field("price:decimal0.00-1999.99", "Tool")
    assert price.rule == "The value is a number from 0.00 to 1,999.99 with 2 decimal places."
    assert [field.is_checked for field in (title, days, parse_field("due_on:date", "Tool"))] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("argument", "first", "second"),
    [
        ("title:text200", '"Title"', '"New title"'),
        ("code:text2", '"Co"', '"Ne"'),
        ("notes:lines99", '"One\\nnotes"', '"Two\\nnotes"'),
        ("days:int1-30", "1", "30"),
        ("price:decimal0.00-9.99", 'Decimal("0.00")', 'Decimal("9.99")'),
        ("fragile:bool", "False", "True"),
        ("due_on:date", "date(2026, 12, 5)", "date(2026, 12, 6)"),
        ("due_at:datetime", "NOW + timedelta(days=1)", "NOW + timedelta(days=2)"),
        ("size:SMALL,LARGE", "ToolSize.SMALL", "ToolSize.LARGE"),
    ],
)
def test_has_two_values_when_tests_need_them(argument: str, first: str, second: str) -> None:
    samples = samples_of(parse_field(argument, "Tool"))

    assert (samples.first.python, samples.second.python) == (first, second)


def test_has_values_at_and_beyond_the_limits_when_it_has_some() -> None:
    days = samples_of(parse_field("days:int1-30", "Tool"))
    title = samples_of(parse_field("title:text9", "Tool"))
    price = samples_of(parse_field("price:decimal0.50-9.99", "Tool"))

    assert price.refused_json == ('"0.49"', '"10.00"', '"0.501"')
    assert price.edges == ('Decimal("0.50")', 'Decimal("9.99")')
    assert (days.refused, days.edges) == (("0", "31"), ("1", "30"))
    assert (title.refused[-1], title.edges[0]) == ('"x" * 10', '"x" * 9')


def test_reads_an_entity_when_it_has_a_life() -> None:
    spec = parse_entity("tool_loan", [*PARTS, "due_on:date?"])

    [verb] = spec.verbs
    assert verb == Verb("return", spec.entity, "OPEN", "RETURNED")
    assert (verb.method, verb.function, verb.path) == ("return_", "return_tool_loan", "return")
    assert (verb.words, verb.error) == ("return", "ToolLoanNotOpenError")
    assert spec.closed_error == "ToolLoanReturnedError"
    assert [field.name for field in spec.fields] == ["title", "due_on"]
    assert (spec.owner, spec.edited.name) == ("borrower", "title")


def test_reads_an_entity_when_it_has_no_status() -> None:
    spec = parse_entity("tool", ["due_on:date?", "fragile:bool", "owner:lender"])

    assert (spec.statuses, spec.verbs, spec.edited.name) == ((), (), "fragile")
    assert parse_entity("tool", ["due_on:date?", "owner:lender"]).edited.name == "due_on"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (["owner:borrower"], "An entity needs a field. Example: ./noxw -s entity -- tool_loan"),
        (["a:bool", "a:bool", "owner:borrower"], "Give each field once"),
        ([*(f"a{n}:bool" for n in range(16)), "owner:borrower"], "at most 15 fields"),
        ([*PARTS, "status:A,B"], "Give all statuses in one option"),
        ([*PARTS, "verb:lose"], "one verb fewer than statuses"),
        (["a:bool", "status:A,B,C", "verb:go", "verb:go", "owner:borrower"], "one verb fewer"),
        (["a:bool", "verb:go", "owner:borrower"], "one verb fewer than statuses"),
        (["a:bool", "status:OPEN", "verb:go", "owner:borrower"], "'status:OPEN': write at least two"),
        (["a:bool", "status:A,B", "verb:edit", "owner:borrower"], "'edit' is generated for every entity"),
        (["a:bool", "status:A,B", "verb:Go", "owner:borrower"], "'Go' cannot name a verb"),
        (["a:bool"], "Say once who the member is that creates the entity"),
        ([*PARTS, "owner:lender"], "Say once who the member is"),
        (["a:bool", "owner:Me"], "'Me' cannot name an owner"),
        (["me_id:text9", "owner:me"], "The owner makes the column me_id"),
    ],
)
def test_refuses_an_entity_when_parts_are_missing_or_wrong(parts: list[str], message: str) -> None:
    with pytest.raises(ScaffoldError, match=message):
        parse_entity("tool_loan", parts)


def test_keeps_the_limits_in_order_when_a_field_is_made() -> None:
    with pytest.raises(ScaffoldError, match="The least value of days comes first"):
        Field(entity="Tool", name="days", kind=Kind.INTEGER, low=2, high=1)
