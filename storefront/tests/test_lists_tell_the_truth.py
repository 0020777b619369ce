"""Whatever the catalogue and the filters: the page says the total, the counts and the goods that the truth says."""

import re
from urllib.parse import urlencode

from django.core.cache import cache
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from catalog.filters import Filters
from catalog.models import Category, Product
from catalog.tests.read_model import Oracle
from catalog.tests.test_browsing import FACETS, a_product, build, some_filters
from core.caching import forget

TICK = re.compile(
    r'<input type="checkbox"[^>]* name="([^"]+)" value="([^"]+)".*?<span class="n">(\d+)</span>', re.DOTALL
)


def seen(page):
    """What a shopper reads: the total, the counts beside the boxes, the products of the cards."""
    main = page[page.index('id="listing"') : page.index("<footer")]
    # A department with nothing in it says so in a sentence, without a number.
    said = re.search(r"<b>([\d,]+) results?</b>", main)
    total = int(said[1].replace(",", "")) if said else 0
    counts = {(name, value): int(count) for name, value, count in TICK.findall(main) if count != "0"}
    results, _, _ = main.partition('id="near-h"')
    return total, counts, re.findall(r'<h2><a href="/p/([^/]+)/', results)


class EveryList(TestCase):
    """Random catalogues under random filters, read from the page."""

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(a_product, min_size=1, max_size=6), some_filters)
    def test_a_page_says_what_the_truth_says(self, goods, choices):
        # Each example is rolled back, and with it the versions that what is kept goes by.
        cache.clear()
        forget()
        build(goods)
        laptops = Category.objects.get(slug="laptops")
        # Number ranges hide the values beside them, which the page then cannot count.
        filters = Filters(**{**choices, "ranges": {}})
        response = Client().get(f"/c/{laptops.path}/?{urlencode(list(filters.parameters()))}")
        page = response.content.decode()
        left_out = re.search(r"was left out: ([^<]+)</p>", page)
        for name, _, value in (part.partition("=") for part in (left_out[1].split(", ") if left_out else [])):
            kept = tuple(one for one in filters.chosen().get(name, ()) if one != value)
            filters = Filters(
                **{
                    **vars(filters),
                    **({"brands": kept} if name == "brand" else {}),
                    "values": {key: kept if key == name else chosen for key, chosen in filters.values.items()},
                }
            )
            filters = Filters(**{**vars(filters), "values": {k: v for k, v in filters.values.items() if v}})
        oracle = Oracle(laptops)
        products = oracle.products(filters)
        slugs = set(Product.objects.filter(pk__in=products).values_list("slug", flat=True))
        total, counts, cards = seen(page)
        assert response.status_code == 200
        assert (total, set(cards), len(cards)) == (len(products), slugs, len(slugs))
        assert counts == oracle.counts(filters, FACETS)
