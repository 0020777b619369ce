"""The import as a whole: exact ends, whatever the order, the cutting into files, and how often."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.importing import runs
from catalog.importing.reports import ReportFile
from catalog.importing.runs import import_parts
from catalog.models import Brand, Category, ExternalReference, ListingDirty, PriceChange, Product, Variant
from core.refusals import Refusal

DATA = Path(__file__).parent / "data"
FILES = [DATA / name for name in ("cpu.csv", "case-fan.csv", "internal-hard-drive.csv")]
pytestmark = pytest.mark.django_db


def run(tmp_path, *files):
    with ReportFile(tmp_path / "report.csv") as report:
        return import_parts(files, report=report)


def report_of(tmp_path):
    with (tmp_path / "report.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def dump():
    """Everything an import decides, without ids and times."""
    products = {
        product.identity: (product.category.slug, product.brand.name, product.name, product.slug, product.specs)
        for product in Product.objects.select_related("category", "brand")
    }
    variants = {
        variant.sku: (variant.product.identity, variant.grade, variant.options, variant.option_key, variant.price)
        for variant in Variant.objects.select_related("product")
    }
    references = {
        reference.external_id: (reference.source, reference.variant.sku, reference.price)
        for reference in ExternalReference.objects.select_related("variant")
    }
    return products, variants, references, sorted(Brand.objects.values_list("key", "name", "slug"))


def variant_of(external_id):
    return ExternalReference.objects.get(external_id=external_id).variant


def cpu_file(tmp_path, *rows, name="cpus.csv"):
    """A file of processors from (number, price, cores) triples; all share one name."""
    path = tmp_path / name
    header = (DATA / "cpu.csv").read_text().splitlines()[0]
    lines = [f"PCP-cpu-{number},AMD Ryzen 5,cpu,AMD,{price},{cores},3.5,,Zen 3,65," for number, price, cores in rows]
    path.write_text("\n".join([header, *lines]))
    return path


def test_small_files_exactly(tmp_path):
    result = run(tmp_path, *FILES)

    assert (result.files, result.rows, result.products, result.variants) == (3, 19, 9, 11)
    assert (result.references, result.unpriced, result.wrong_files) == (15, 3, [])
    assert Product.objects.count() == 9
    assert ExternalReference.objects.count() == 15
    ryzen = variant_of("PCP-cpu-0000000001")
    assert ryzen == variant_of("PCP-cpu-0000000002") == variant_of("PCP-cpu-0000000003")
    assert ryzen.price == Decimal("119.99")
    assert ryzen.grade == Variant.Grade.NEW
    assert ryzen.options == {}
    assert ryzen.sku.startswith("CPU-")
    assert ryzen.product.category.path == "components/cpu"
    assert ryzen.product.brand.name == "AMD"
    assert ryzen.product.specs == {
        "core_count": 6,
        "core_clock_ghz": 3.5,
        "boost_clock_ghz": 4.4,
        "microarchitecture": "Zen 3",
        "tdp_w": 65,
    }
    assert variant_of("PCP-cpu-0000000004").price is None
    # A doubted figure is left out, and still keeps unlike things apart.
    doubted = variant_of("PCP-cpu-0000000005")
    assert (doubted.price, "tdp_w" in doubted.product.specs) == (None, False)
    assert doubted.product != variant_of("PCP-cpu-0000000004").product
    drive = variant_of("PCP-internal-hard-drive-0000000001")
    assert drive == variant_of("PCP-internal-hard-drive-0000000004")
    assert (drive.price, drive.options) == (Decimal("95.00"), {"capacity_gb": 1000, "cache_mb": 1024})
    assert drive.product == variant_of("PCP-internal-hard-drive-0000000002").product
    assert drive.product.name == "SAMSUNG 990 PRO"
    assert variant_of("PCP-internal-hard-drive-0000000003").price == Decimal("55.00")
    assert set(ListingDirty.objects.values_list("product", flat=True)) == set(
        Product.objects.values_list("pk", flat=True)
    )


def test_report_lists_every_case(tmp_path):
    run(tmp_path, *FILES)

    cases = [(Path(row["file"]).name, row["line"], row["id"][-2:], row["outcome"]) for row in report_of(tmp_path)]
    assert cases == [
        ("cpu.csv", "3", "02", "merged"),
        ("cpu.csv", "4", "03", "merged"),
        ("cpu.csv", "6", "05", "doubted"),
        ("cpu.csv", "6", "05", "doubted"),
        ("case-fan.csv", "2", "01", "doubted"),
        ("case-fan.csv", "2", "01", "doubted"),
        ("case-fan.csv", "3", "02", "doubted"),
        ("case-fan.csv", "5", "04", "doubted"),
        ("case-fan.csv", "6", "05", "doubted"),
        ("case-fan.csv", "6", "05", "merged"),
        ("case-fan.csv", "7", "", "skipped"),
        ("case-fan.csv", "8", "07", "skipped"),
        ("case-fan.csv", "9", "08", "skipped"),
        ("case-fan.csv", "10", "", "skipped"),
        ("internal-hard-drive.csv", "5", "04", "merged"),
    ]
    assert report_of(tmp_path)[0]["reason"] == (
        "equal to PCP-cpu-0000000001 in everything; the lowest known price counts."
    )


def test_second_run_writes_nothing(tmp_path):
    run(tmp_path, *FILES)
    ListingDirty.objects.all().delete()
    tables = (Category, Brand, Product, Variant, ExternalReference, PriceChange)
    before = [list(model.objects.order_by("pk").values()) for model in tables]

    with CaptureQueriesContext(connection) as queries:
        result = run(tmp_path, *reversed(FILES))

    assert not [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert [list(model.objects.order_by("pk").values()) for model in tables] == before
    assert not ListingDirty.objects.exists()
    assert (result.products, result.variants, result.references, result.prices) == (0, 0, 0, 0)


ROWS = [(path, line) for path in FILES for line in path.read_text().splitlines()[1:]]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(
    imports=st.lists(st.integers(0, 3), min_size=len(ROWS), max_size=len(ROWS)), order=st.permutations(range(len(ROWS)))
)
def test_any_order_and_any_cutting_give_the_same_end(tmp_path, imports, order):
    """Every row goes to one of four imports, in a random order, with chunks of a few rows."""
    whole = _end_of(tmp_path, [FILES], chunk=1000)
    cut = []
    for number in range(4):
        files = []
        for path in FILES:
            lines = [ROWS[at][1] for at in order if imports[at] == number and ROWS[at][0] == path]
            if lines:
                part = tmp_path / f"{number}-{path.name}"
                part.write_text("\n".join([path.read_text().splitlines()[0], *lines]) + "\n")
                files.append(part)
        cut.append(files)

    assert _end_of(tmp_path, cut, chunk=3) == whole
    assert _end_of(tmp_path, [*cut, FILES], chunk=3) == whole


def _end_of(tmp_path, imports, *, chunk):
    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr(runs, "CHUNK_ROWS", chunk)
        for files in imports:
            run(tmp_path, *files)
        end = dump()
        transaction.set_rollback(True)
    return end


def test_the_price_follows_what_each_id_said_last(tmp_path):
    def price_after(*rows):
        result = run(tmp_path, cpu_file(tmp_path, *rows))
        return variant_of("PCP-cpu-a").price, result.prices

    assert price_after(("a", "100", 6)) == (Decimal("100.00"), 0)
    assert price_after(("b", "90", 6)) == (Decimal("90.00"), 1)
    assert price_after(("b", "110", 6)) == (Decimal("100.00"), 1)
    assert price_after(("a", "", 6)) == (Decimal("110.00"), 1)
    assert report_of(tmp_path)[0]["reason"] == "its price was 100.00 and is unknown now."
    assert price_after(("b", "", 6)) == (None, 1)
    assert price_after(("a", "95.5", 6), ("b", "95.5", 6)) == (Decimal("95.50"), 1)
    assert Variant.objects.count() == 1
    prices = ["100.00", "90.00", "100.00", "110.00", None, "95.50"]
    assert [change.price and str(change.price) for change in PriceChange.objects.all()] == prices


def test_a_changed_price_refreshes_time_and_list(tmp_path):
    run(tmp_path, cpu_file(tmp_path, ("a", "100", 6), ("b", "50", 8)))
    ListingDirty.objects.all().delete()
    before = variant_of("PCP-cpu-a").updated_at

    run(tmp_path, cpu_file(tmp_path, ("a", "99", 6), ("b", "50", 8)))

    variant = variant_of("PCP-cpu-a")
    assert variant.updated_at > before
    assert list(ListingDirty.objects.values_list("product", flat=True)) == [variant.product_id]


def test_a_price_set_by_hand_stays(tmp_path):
    file = cpu_file(tmp_path, ("a", "", 6), ("b", "200", 8))
    run(tmp_path, file)
    for external_id, price in (("PCP-cpu-a", "89.00"), ("PCP-cpu-b", "180.00")):
        Variant.objects.filter(pk=variant_of(external_id).pk).update(price=Decimal(price))

    run(tmp_path, cpu_file(tmp_path, ("a", "150", 6), ("b", "", 8)))

    assert variant_of("PCP-cpu-a").price == Decimal("89.00")
    assert variant_of("PCP-cpu-b").price == Decimal("180.00")
    sku = variant_of("PCP-cpu-a").sku
    assert f"staff set the price of {sku} to 89.00; the file's (150.00) was not taken." in [
        row["reason"] for row in report_of(tmp_path)
    ]
    # Set to the file's price again, the variant follows the file again.
    Variant.objects.filter(pk=variant_of("PCP-cpu-a").pk).update(price=Decimal("150.00"))
    run(tmp_path, cpu_file(tmp_path, ("a", "140", 6)))
    assert variant_of("PCP-cpu-a").price == Decimal("140.00")


def test_words_of_staff_stay(tmp_path):
    run(tmp_path, FILES[0])
    product = variant_of("PCP-cpu-0000000001").product
    Product.objects.filter(pk=product.pk).update(name="A better name", description="Fast.", specs={"core_count": 6})

    run(tmp_path, FILES[0])

    product.refresh_from_db()
    assert (product.name, product.description, product.specs) == ("A better name", "Fast.", {"core_count": 6})


def test_an_id_that_describes_something_else_moves(tmp_path):
    run(tmp_path, cpu_file(tmp_path, ("a", "100", 6), ("b", "120", 6)))
    old = variant_of("PCP-cpu-a")

    run(tmp_path, cpu_file(tmp_path, ("a", "100", 8)))

    new = variant_of("PCP-cpu-a")
    old.refresh_from_db()
    assert new != old
    assert (new.price, old.price) == (Decimal("100.00"), Decimal("120.00"))
    assert [row["reason"] for row in report_of(tmp_path)] == [
        f"it was {old.sku} before and is {new.sku} now; stock stays where it is."
    ]
    run(tmp_path, cpu_file(tmp_path, ("b", "120", 8)))
    old.refresh_from_db()
    assert old.price is None


@pytest.mark.parametrize("turn", [1, -1])
def test_one_id_on_two_different_rows_is_decided_without_regard_to_order(tmp_path, turn):
    first = cpu_file(tmp_path, *[("a", "100", 6), ("a", "90", 8), ("a", "90", 8)][::turn])

    result = run(tmp_path, first)

    assert (result.rows, result.references, Variant.objects.count()) == (3, 1, 1)
    outcomes = sorted(row["outcome"] for row in report_of(tmp_path))
    kept = variant_of("PCP-cpu-a").product.specs["core_count"]
    assert (kept, outcomes) in [(6, ["skipped", "skipped"]), (8, ["merged", "skipped"])]
    again = cpu_file(tmp_path, ("a", "90", 8), ("a", "100", 6), name="again.csv")
    run(tmp_path, again)
    assert variant_of("PCP-cpu-a").product.specs["core_count"] == kept


def test_ids_that_differ_in_capitals_are_one(tmp_path):
    result = run(tmp_path, cpu_file(tmp_path, ("a", "100", 6), ("A", "90", 6)))

    assert result.references == 1
    assert ExternalReference.objects.count() == 1


def test_another_import_that_was_quicker_is_waited_for(tmp_path, monkeypatch):
    store, tries = runs.store_parts, []

    def collide_once(*args, **kwargs):
        tries.append(1)
        if len(tries) == 1:
            raise IntegrityError
        return store(*args, **kwargs)

    monkeypatch.setattr(runs, "store_parts", collide_once)

    assert run(tmp_path, FILES[0]).references == 5
    assert len(tries) == 2


def test_shop_in_another_currency_is_told(tmp_path, settings):
    settings.SHOP_CURRENCY = "KHR"

    with pytest.raises(Refusal, match="The prices in parts files are USD, and this shop sells in KHR"):
        run(tmp_path, FILES[0])

    assert not Product.objects.exists()


def test_command_imports_good_files_beside_a_wrong_one(tmp_path, capsys):
    wrong = tmp_path / "laptop.csv"
    wrong.write_text("external_id,name,category,brand,status\n1,2,3,4,5\n")
    report = tmp_path / "reports" / "report.csv"

    with pytest.raises(CommandError) as refused:
        call_command("import_catalog", str(wrong), str(FILES[0]), str(tmp_path), "--report", str(report))

    assert refused.value.returncode == 1
    assert str(refused.value) == (
        f"{wrong}: this is the list of laptops; only parts files are imported.\n"
        f"{tmp_path}: this is a folder. Name the files in it."
    )
    assert capsys.readouterr().out == (
        "5 rows of 1 file read: 3 new products, 3 new variants, 5 new external ids, 0 changed prices.\n"
        "0 rows skipped, 2 doubts, 2 rows merged with an equal one, 3 rows without a price. "
        f"Every case is listed in {report}\n"
    )
    assert Product.objects.count() == 3
    with report.open() as file:
        assert [row["outcome"] for row in csv.DictReader(file)][:2] == ["refused", "refused"]


def test_wrong_file_alone_writes_nothing(tmp_path):
    with pytest.raises(CommandError, match=r"there is no such file\."):
        call_command("import_catalog", str(tmp_path / "no.csv"), "--report", str(tmp_path / "report.csv"))

    assert not Category.objects.exists()


def test_report_that_cannot_be_written_stops_before_anything(tmp_path):
    with pytest.raises(
        CommandError, match=r"the report cannot be written there \(Is a directory\)\. Nothing was read\."
    ):
        call_command("import_catalog", str(FILES[0]), "--report", str(tmp_path))

    assert not Product.objects.exists()


def test_report_holds_no_formulas(tmp_path):
    with ReportFile(tmp_path / "report.csv") as report:
        report.add("skipped", file=Path("=a.csv"), line=2, row_id='=HYPERLINK("x")', reason="no.")

    assert report_of(tmp_path) == [
        {"file": "'=a.csv", "line": "2", "id": '\'=HYPERLINK("x")', "outcome": "skipped", "reason": "no."}
    ]
