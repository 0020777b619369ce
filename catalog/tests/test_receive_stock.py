"""Stock by file and by hand: exact units, refusals with their line, all or nothing when asked."""

import csv
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from accounts.tests.factories import make_staff, make_user
from catalog.flow import UnitState
from catalog.models import ExternalReference, Unit, UnitEvent
from catalog.tests.factories import make_variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivery(tmp_path):
    """Write a delivery file and receive it."""

    def receive(text, *options):
        path = tmp_path / "delivery.csv"
        path.write_text(text)
        call_command("receive_stock", str(path), *options, "--report", str(tmp_path / "report.csv"))

    return receive


def refusals(tmp_path):
    with (tmp_path / "report.csv").open(newline="") as file:
        return [(row["line"], row["id"], row["reason"]) for row in csv.DictReader(file)]


def test_file_with_serials_and_quantities(delivery, capsys):
    laptop, cable = make_variant(sku="LAP-1"), make_variant(sku="CAB-1")
    ExternalReference.objects.create(source="elsewhere", external_id="X-9", variant=cable)
    staff = make_staff("mao@example.com")

    delivery(
        "sku,external_id,serial,quantity,bin,cost,battery_health_percent,disk_health_percent,grade_notes\n"
        "lap-1,,pf1 abc,,b-14,120.5,91,99,A scratch\n"
        ",X-9,,3,C-01,2,,,\n",
        "--by",
        "mao@example.com",
    )

    assert capsys.readouterr().out == "2 rows read, 4 items received and on sale.\n"
    unit = Unit.objects.get(variant=laptop)
    assert (unit.serial, unit.state, unit.bin, unit.cost) == ("PF1ABC", UnitState.AVAILABLE, "B-14", Decimal("120.50"))
    assert (unit.battery_health_percent, unit.disk_health_percent, unit.grade_notes) == (91, 99, "A scratch")
    assert [(event.kind, event.actor) for event in unit.events.all()] == [
        ("intake", staff),
        ("testing", staff),
        ("available", staff),
    ]
    assert (
        list(Unit.objects.filter(variant=cable).values_list("serial", "state", "bin", "cost"))
        == [(None, "available", "C-01", Decimal("2.00"))] * 3
    )


BAD_ROWS = [
    ("NOPE,,S1,,", 'nothing in the catalogue has the SKU "NOPE".'),
    (",nope,S1,,", 'nothing in the catalogue has the external id "nope".'),
    (",,S1,,", "it has neither sku nor external_id."),
    ("LAP-1,X-9,S1,,", "its sku and its external_id are two different articles."),
    (",X-8,S1,,", '"X-8" is the id of several articles; write the SKU.'),
    ("LAP-1,,,,", "it has neither a serial number nor a quantity."),
    ("LAP-1,,S1,2,", "a serial number is one item, and the quantity is 2."),
    ("LAP-1,,,-1,", 'quantity is "-1"; it must be a whole number from 1 to 1000.'),
    ("LAP-1,,,0,", 'quantity is "0"; it must be a whole number from 1 to 1000.'),
    ("LAP-1,,,1001,", 'quantity is "1001"; it must be a whole number from 1 to 1000.'),
    ("LAP-1,,,99999999999999999999,", 'quantity is "99999999999999999999"; it must be a whole number from 1 to 1000.'),
    ("LAP-1,,,1.5,", 'quantity is "1.5"; it must be a whole number from 1 to 1000.'),
    ("LAP-1,,old,,", "serial number OLD is already in stock records."),
    ("LAP-1,,first,,", "serial number FIRST stands in line 2 already."),
    (f"LAP-1,,{'S' * 61},,", "a serial number has at most 60 plain characters."),
    ("LAP-1,,S1,,-3", 'the cost "-3" is not an amount such as 120.50.'),
    ("LAP-1,,S1,,1e5", 'the cost "1e5" is not an amount such as 120.50.'),
    ("LAP-1,,S1", "it has 3 cells where the header has 5."),
    ('LAP-1,,"S1,,', "it is not CSV: a quotation mark is not closed or out of place, or a cell is enormous."),
]


@pytest.mark.parametrize(("row", "reason"), BAD_ROWS, ids=range(len(BAD_ROWS)))
@pytest.mark.parametrize("strict", [False, True])
def test_bad_row_is_refused_with_its_line(delivery, tmp_path, row, reason, strict):
    laptop, cable = make_variant(sku="LAP-1"), make_variant(sku="CAB-1")
    Unit.objects.create(variant=laptop, serial="OLD")
    for source, external_id, variant in (("one", "X-9", cable), ("one", "X-8", cable), ("two", "X-8", laptop)):
        ExternalReference.objects.create(source=source, external_id=external_id, variant=variant)

    with pytest.raises(CommandError) as refused:
        delivery(
            f"sku,external_id,serial,quantity,cost\nLAP-1,,first,,\n{row}\nCAB-1,,,2,\n",
            *(["--strict"] if strict else []),
        )

    assert [(line, why) for line, _, why in refusals(tmp_path)] == [("3", reason)]
    assert str(refused.value).startswith(f"line 3: {reason}\nRows refused: 1. ")
    assert ("Nothing was received" in str(refused.value)) is strict
    assert Unit.objects.filter(state=UnitState.AVAILABLE).count() == (0 if strict else 3)
    assert UnitEvent.objects.count() == (0 if strict else 9)


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("bin", "B" * 21, "bin has 21 characters; at most 20 fit."),
        ("grade_notes", "n" * 301, "grade_notes has 301 characters; at most 300 fit."),
        ("battery_health_percent", "101", 'battery_health_percent is "101"; it must be a whole number from 0 to 100.'),
        ("disk_health_percent", "good", 'disk_health_percent is "good"; it must be a whole number from 0 to 100.'),
    ],
)
def test_conditions_must_fit(delivery, tmp_path, column, text, reason):
    make_variant(sku="LAP-1")

    with pytest.raises(CommandError):
        delivery(f"sku,serial,{column}\nLAP-1,S1,{text}\n")

    assert refusals(tmp_path) == [("2", "S1", reason)]
    assert not Unit.objects.exists()


def test_file_received_twice_is_refused_by_its_serials(delivery, tmp_path):
    make_variant(sku="LAP-1")
    text = "sku,serial\nLAP-1,S1\nLAP-1,S2\n"
    delivery(text)

    with pytest.raises(CommandError):
        delivery(text)

    assert refusals(tmp_path) == [
        ("2", "S1", "serial number S1 is already in stock records."),
        ("3", "S2", "serial number S2 is already in stock records."),
    ]
    assert Unit.objects.count() == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the file is empty."),
        ("sku,amount\nLAP-1,2\n", 'its header has the unknown "amount"; known are sku, external_id, serial,'),
        ("serial,quantity\nS1,1\n", "its header has neither sku nor external_id, so nobody can tell what arrived."),
    ],
)
def test_wrong_file_is_named(delivery, text, sentence):
    with pytest.raises(CommandError) as refused:
        delivery(text)

    assert sentence in str(refused.value)
    assert refused.value.returncode == 1


def test_by_hand(capsys):
    variant = make_variant(sku="CAB-1")

    call_command("receive_stock", "--variant", "cab-1", "--quantity", "4", "--bin", "d-2", "--cost", "1.25")

    assert capsys.readouterr().out == "4 × CAB-1 received and on sale.\n"
    assert list(variant.units.values_list("state", "bin", "cost")) == [("available", "D-2", Decimal("1.25"))] * 4


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "Name a file, or --variant SKU and --quantity N."),
        (["some.csv", "--quantity", "1"], "Name a file, or --variant SKU and --quantity N."),
        (["--variant", "CAB-1"], "--variant and --quantity go together."),
        (["--variant", "NO", "--quantity", "1"], "Nothing in the catalogue has the SKU NO. Nothing was received."),
        (["--variant", "CAB-1", "--quantity", "-1"], "Receive between 1 and 1000 units at a time."),
        (["--variant", "CAB-1", "--quantity", "1001"], "Receive between 1 and 1000 units at a time."),
        (
            ["--variant", "CAB-1", "--quantity", "1", "--cost", "nan"],
            "The cost nan is not an amount such as 120.50. Nothing was received.",
        ),
        (
            ["--variant", "CAB-1", "--quantity", "1", "--bin", "B" * 21],
            "A bin has at most 20 characters. Nothing was received.",
        ),
        (
            ["--variant", "CAB-1", "--quantity", "1", "--by", "shopper@example.com"],
            "shopper@example.com is no active member of staff. Nothing was received.",
        ),
    ],
    ids=range(9),
)
def test_by_hand_refuses(options, sentence):
    make_variant(sku="CAB-1")
    make_user("shopper@example.com")

    with pytest.raises(CommandError) as refused:
        call_command("receive_stock", *options)

    assert str(refused.value) == sentence
    assert not Unit.objects.exists()
