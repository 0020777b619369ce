"""Nobody changes a variant's price without putting the change on record (catalog.price_history)."""

import ast
from pathlib import Path

import pytest

from commercia.tests.test_wiring import ROOT, place, trees

# Who may write a variant's price; each must call `record_prices` too.
WRITERS = {"catalog/editing.py", "catalog/importing/storing.py", "backoffice/demo/machines.py"}
MAKERS = {"create", "get_or_create", "update_or_create", "bulk_create", "acreate"}


def price_changes(tree):
    """Yield the nodes that may write a variant's price: x.price = …, Variant(price=…), update(price=…), setattr …."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            parts = [part for target in targets for part in getattr(target, "elts", [target])]
            if any(isinstance(part, ast.Attribute) and part.attr == "price" for part in parts):
                yield node
        elif isinstance(node, ast.Call) and (writes_by_name(node) or makes_a_variant(node)):
            yield node


def writes_by_name(call):
    verb = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if verb in {"update", "aupdate"}:
        return any(keyword.arg == "price" for keyword in call.keywords)
    return verb in {"bulk_update", "setattr"} and any(
        isinstance(part, ast.Constant) and part.value == "price" for part in ast.walk(call)
    )


def makes_a_variant(call):
    """Tell whether the call is Variant(…price=…) or Variant.objects.create(…price=…)."""
    if not any(keyword.arg == "price" for keyword in call.keywords):
        return False
    named = {part.id for part in ast.walk(call.func) if isinstance(part, ast.Name)}
    verb = getattr(call.func, "attr", "")
    return "Variant" in named and (verb in MAKERS or isinstance(call.func, ast.Name))


def test_only_those_who_keep_the_record_write_a_variants_price():
    strays = [
        place(path, node)
        for path, tree in trees()
        if str(path.relative_to(ROOT)) not in WRITERS
        for node in price_changes(tree)
    ]
    assert strays == []


@pytest.mark.parametrize("path", sorted(WRITERS))
def test_whoever_writes_a_price_records_it(path):
    source = (Path(ROOT) / path).read_text(encoding="utf-8")
    called = {getattr(node.func, "id", "") for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)}
    assert "record_prices" in called


@pytest.mark.parametrize(
    "code",
    [
        "variant.price = 5",
        "self.variant.price: int = 5",
        "variant.price, variant.updated_at = 5, now",
        "variant.price -= 1",
        "Variant.objects.filter(pk=1).update(price=5)",
        "product.variants.update(is_offered=True, price=None)",
        "Variant.objects.bulk_update(rows, ['price', 'updated_at'])",
        "setattr(variant, 'price', 5)",
        "Variant(sku='A', price=5)",
        "Variant.objects.create(sku='A', price=5)",
    ],
)
def test_every_way_to_write_a_price_is_seen(code):
    assert len(list(price_changes(ast.parse(code)))) == 1


@pytest.mark.parametrize(
    "code",
    ["variant.price == 5", "Variant.objects.filter(price=5)", "rows.update(note='x')", "Listing(price=5)", "price = 5"],
)
def test_reading_a_price_or_writing_another_one_is_none(code):
    assert list(price_changes(ast.parse(code))) == []
