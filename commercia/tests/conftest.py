"""What journeys through the whole shop share."""

import pytest
from django.core import mail
from django.db import connection

from accounts.tests.factories import make_staff
from backoffice.roles import sync_roles
from carts.tests.factories import make_pickup, make_shipping_method, make_tax_rate
from catalog.listings import rebuild
from catalog.tests.factories import make_brand, make_category, make_product, make_units, make_variant
from commercia.tests.processes import Worker, mail_server, wait_until
from notifications.models import Email


@pytest.fixture
def shop():
    """A small shop: a laptop in two grades with serials, a mouse without, ways of shipping, a tax, the roles."""
    make_tax_rate("KH", "10")
    make_shipping_method("courier", price="2.50")
    make_pickup()
    laptops = make_category(
        "laptops",
        spec_definitions=[
            {
                "key": "cpu",
                "label": "Processor",
                "kind": "text",
                "unit": "",
                "hint": "",
                "facet": True,
                "promoted": True,
                "card": True,
            },
            {
                "key": "ram_gb",
                "label": "Memory",
                "kind": "integer",
                "unit": "GB",
                "hint": "",
                "facet": True,
                "promoted": True,
                "card": True,
            },
        ],
        variant_axes=["ram_gb"],
    )
    laptop = make_product(
        "ThinkPad T14 Gen 3", category=laptops, brand=make_brand("Lenovo"), specs={"cpu": "Core i5-1245U"}
    )
    good = make_variant(laptop, sku="T14-B-16", grade="B", price="505.00", options={"ram_gb": 16})
    make_units(good, serials=["PF3X0001", "PF3X0002"], bin="A-06", battery_health_percent=91)
    mouse = make_variant(
        make_product("M500", category=make_category("mouse"), brand=make_brand("Logitech")), sku="M500", price="12.00"
    )
    make_units(mouse, quantity=5, bin="C-01")
    sync_roles()
    rebuild([laptop.pk, mouse.product_id])
    return {"laptop": good, "mouse": mouse}


@pytest.fixture
def warehouse_manager(shop):
    """A staff member of the role Manager."""
    return make_staff("sokha@example.com", groups=["Manager"])


@pytest.fixture
def letters_arrive(settings, tmp_path):
    """Return a function that waits until every letter has reached a mail server.

    On SQLite tasks run at once and Django's own mailbox receives; on MariaDB a real worker takes hints from RabbitMQ
    and speaks SMTP to a real server.
    """
    if not settings.CELERY_BROKER_URL.startswith("amqp"):
        yield lambda: [message.to[0] for message in mail.outbox]
        return
    assert connection.vendor == "mysql"
    settings.CELERY_TASK_ALWAYS_EAGER = False
    with mail_server() as (postbox, email_url):
        worker = Worker(tmp_path, email_url)
        worker.start()

        def wait():
            wait_until(
                lambda: not Email.objects.exclude(state="sent").exists(),
                seconds=60,
                what="letters still wait\n" + worker.log()[-2000:],
            )
            assert len(postbox.message_ids) == Email.objects.count()
            return list(Email.objects.order_by("pk").values_list("to", flat=True))

        try:
            yield wait
        finally:
            worker.kill()
