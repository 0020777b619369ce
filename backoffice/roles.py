"""Who on the staff may do what: one table, from which `manage.py sync_roles` makes Django's groups.

A cell holds the verbs that a role has on a model: Django's own (view, add, change, delete) and the deeds that a model
names in Meta.permissions. Admin and API ask for the same permissions. What is not in the table, only superusers may.
"""

from collections.abc import Mapping

from django.contrib.auth.models import Group, Permission

from core.db import atomic_retry

SUPPORT, WAREHOUSE, CATALOGUE = "Support", "Warehouse", "Catalogue"
FINANCE, MANAGER, AUDITOR = "Finance", "Manager", "Auditor"
ROLES = (SUPPORT, WAREHOUSE, CATALOGUE, FINANCE, MANAGER, AUDITOR)

LOOK = "view"
EDIT = "view add change"
ORDER_DEEDS = "mark_paid pack dispatch cancel"
UNIT_DEEDS = "receive shelve scrap"

# model: the verbs of Support, Warehouse, Catalogue, Finance, Manager, Auditor
TABLE: dict[str, tuple[str, str, str, str, str, str]] = {
    "catalog.category": (LOOK, LOOK, EDIT, LOOK, EDIT, LOOK),
    "catalog.brand": (LOOK, LOOK, EDIT, LOOK, EDIT, LOOK),
    "catalog.product": (LOOK, LOOK, EDIT, LOOK, EDIT, LOOK),
    "catalog.variant": (LOOK, LOOK, EDIT, LOOK, EDIT, LOOK),
    "catalog.rentalplan": (LOOK, "", EDIT, LOOK, EDIT, LOOK),
    "catalog.externalreference": ("", "", f"{EDIT} delete", "", f"{EDIT} delete", LOOK),
    "catalog.unit": (LOOK, f"view change {UNIT_DEEDS}", LOOK, LOOK, f"view change {UNIT_DEEDS}", LOOK),
    # Whoever may change a product or a unit may change its photos.
    "catalog.photo": (LOOK, f"{EDIT} delete", f"{EDIT} delete", "", f"{EDIT} delete", LOOK),
    "catalog.review": ("view moderate", "", "", "", "view moderate", LOOK),
    "catalog.watch": (LOOK, "", "", "", LOOK, LOOK),
    "catalog.pricechange": (LOOK, "", LOOK, LOOK, LOOK, LOOK),
    "catalog.hold": (LOOK, LOOK, "", LOOK, LOOK, LOOK),
    "payments.bill": (LOOK, "", "", LOOK, LOOK, LOOK),
    "payments.payment": ("view check", "", "", "view check refund", "view check refund", LOOK),
    "payments.refund": (LOOK, "", "", "view approve transfer", "view approve transfer", LOOK),
    "payments.dispute": ("", "", "", LOOK, LOOK, LOOK),
    "payments.providerevent": ("", "", "", "view replay", "view replay", LOOK),
    "payments.break": ("", "", "", "view resolve", "view resolve", LOOK),
    "payments.rielrate": (LOOK, "", "", "view change", "view change", LOOK),
    "payments.savedmethod": (LOOK, "", "", LOOK, LOOK, LOOK),
    "payments.comparedday": ("", "", "", "view compare", "view compare", LOOK),
    # Whoever approves a proof books the money: that asks for orders.mark_paid too.
    "payments.paymentproof": (LOOK, "", "", "view decide", "view decide", LOOK),
    "carts.cart": (LOOK, "", "", "", LOOK, LOOK),
    "carts.wishlist": (LOOK, "", "", "", LOOK, LOOK),
    "carts.shippingmethod": (LOOK, LOOK, LOOK, LOOK, EDIT, LOOK),
    "carts.taxrate": (LOOK, "", "", f"{EDIT} delete", f"{EDIT} delete", LOOK),
    "orders.order": ("view cancel", "view pack dispatch", "", "view mark_paid", f"view {ORDER_DEEDS}", LOOK),
    "orders.shipment": (
        "view deliver",
        "view change deliver return",
        "",
        LOOK,
        "view change deliver return",
        LOOK,
    ),
    "orders.return": (LOOK, "view receive inspect", "", LOOK, "view receive inspect", LOOK),
    "rentals.rentalpolicy": (LOOK, "", LOOK, LOOK, "view add", LOOK),
    "rentals.agreement": (
        "view note recall reinstate",
        "",
        "",
        "view note ease recall end",
        "view note ease recall reinstate end",
        LOOK,
    ),
    "accounts.user": (LOOK, "", "", LOOK, EDIT, LOOK),
    "accounts.address": (LOOK, "", "", "", EDIT, LOOK),
    "notifications.email": ("view change", "", "", "", "view change", LOOK),
    "storefront.textpage": (LOOK, LOOK, EDIT, LOOK, EDIT, LOOK),
    "storefront.promotion": (LOOK, LOOK, EDIT, LOOK, EDIT, LOOK),
    "storefront.shopsettings": ("", "", "", "", "view change", LOOK),
    "core.job": ("", LOOK, LOOK, LOOK, LOOK, LOOK),
    "core.auditentry": ("", "", "", LOOK, LOOK, LOOK),
    "core.idempotencykey": ("", "", "", "", LOOK, LOOK),
    "auth.group": ("", "", "", "", LOOK, LOOK),
}


def permissions_of(role: str) -> set[str]:
    """Return what `role` may do, as Django writes it: "orders.cancel_order"."""
    column = ROLES.index(role)
    granted = set()
    for label, cells in TABLE.items():
        app, model = label.split(".")
        granted |= {f"{app}.{verb}_{model}" for verb in cells[column].split()}
    return granted


@atomic_retry
def sync_roles() -> Mapping[str, Group]:
    """Make the six groups and give each exactly what the table says. Groups with other names are left alone.

    A second call changes nothing. Raises LookupError when the table names a permission that does not exist.
    """
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    groups = {}
    for role in ROLES:
        wanted = permissions_of(role)
        unknown = sorted(wanted - set(known))
        if unknown:
            raise LookupError(f"The table of roles names permissions that do not exist: {', '.join(unknown)}")
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set([known[name] for name in sorted(wanted)])
        groups[role] = group
    return groups
