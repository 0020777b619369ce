"""Refusals of the deeds in the words of the API: primary keys stay inside."""

from collections.abc import Iterator
from contextlib import contextmanager

from catalog.models import Variant
from core.refusals import Refusal


@contextmanager
def naming_skus() -> Iterator[None]:
    """Let a refusal about a variant name its SKU instead of its primary key."""
    try:
        yield
    except Refusal as refusal:
        pk = refusal.facts.pop("variant", None)
        if pk is not None:
            refusal.facts["sku"] = Variant.objects.values_list("sku", flat=True).get(pk=pk)
        raise
