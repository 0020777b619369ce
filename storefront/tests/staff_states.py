"""What staff see: the pages of the admin that are the shop's own, and Django's with the shop's goods in them.

They join the list of storefront/tests/page_states.py, for the pictures only: the admin is Django's to mend.
"""

from collections.abc import Callable

from django.urls import reverse

from catalog.models import Unit
from storefront.models import Promotion, TextPage
from storefront.tests.page_states import Visit, state

LISTS = ("orders_order", "catalog_product", "catalog_unit", "catalog_review", "payments_payment", "payments_break")


def _staff(name: str, path: Callable[[Visit], str]) -> None:
    """Add a page of the admin that lies at `path`."""

    @state("staff", f"admin-{name}")
    def reach(visit: Visit) -> None:
        visit.log_in(visit.stage.staff)
        visit.goto(path(visit))


def _change(model: str, of: Callable[[Visit], int], deed: str = "change") -> Callable[[Visit], str]:
    return lambda visit: reverse(f"admin:{model}_{deed}", args=[of(visit)])


def _order(name: str) -> Callable[[Visit], int]:
    return lambda visit: visit.stage.orders[name].pk


_staff("home", lambda visit: "/admin/")
_staff("find", lambda visit: f"/admin/find/?q={visit.stage.orders['paid'].code}")
_staff("find-nothing", lambda visit: "/admin/find/?q=nothing")
for _model in LISTS:
    _staff(f"list-{_model.partition('_')[2]}s", lambda visit, model=_model: reverse(f"admin:{model}_changelist"))
for _name in ("pending", "paid", "sent"):
    _staff(f"order-{_name}", _change("orders_order", _order(_name)))
_staff("order-dispatch", _change("orders_order", _order("paid"), "dispatch"))
_staff("order-pick-list", _change("orders_order", _order("paid"), "pick_list"))
_staff("order-cancel", _change("orders_order", _order("paid"), "cancel"))
_staff("product", _change("catalog_product", lambda visit: visit.stage.full.pk))
_staff("product-photos", _change("catalog_product", lambda visit: visit.stage.full.pk, "photos"))
_staff("variant", _change("catalog_variant", lambda visit: visit.stage.excellent.pk))
_staff("unit", _change("catalog_unit", lambda visit: Unit.objects.filter(variant=visit.stage.good).latest("pk").pk))
_staff("receive-units", lambda visit: reverse("admin:catalog_unit_receive"))
_staff("promotion", _change("storefront_promotion", lambda visit: Promotion.objects.latest("pk").pk))
_staff("text-page", _change("storefront_textpage", lambda visit: TextPage.objects.latest("pk").pk))
_staff("shop-settings", lambda visit: reverse("admin:storefront_shopsettings_changelist"))
_staff("user", _change("accounts_user", lambda visit: visit.stage.dara.pk))
