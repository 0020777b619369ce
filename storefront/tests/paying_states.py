"""Paying online in every state: the shop's own pages, and the sandbox's, which say that no real money moves.

They join the list of storefront/tests/page_states.py. A visit needs a running sandbox, and settings that lead to it.
"""

from datetime import timedelta

from orders.guest_access import order_token
from orders.models import Order
from orders.paying_online import pay_order
from orders.tests.factories import make_order
from payments.models import Payment
from sandbox.tests.running import RunningSandbox
from sandbox.tests.selling import ALWAYS_3DS, CARD, DECLINED, VISA
from storefront.tests.page_states import Visit, state


def _waiting(method: str) -> Order:
    """Return a guest's order that is to be paid by `method`."""
    return make_order(payment_method=method)


def _path(order: Order, page: str = "") -> str:
    return f"/orders/view/{order_token(order)}/{page}"


def _begin(method: str) -> tuple[Order, Payment]:
    """Begin to pay a new order by `method`, as its page does; the browser has not been anywhere yet."""
    order = _waiting(method)
    return order, pay_order(order, method=method, by=None)


def _sandbox(visit: Visit) -> RunningSandbox:
    assert visit.sandbox is not None, "paying needs a sandbox"
    return visit.sandbox


@state("paying")
def pay_choose(visit: Visit) -> None:
    visit.goto(_path(_waiting("card"), "pay/"))


@state("paying")
def pay_order_waits(visit: Visit) -> None:
    visit.goto(_path(_waiting("card")))


@state("paying")
def pay_after_a_decline(visit: Visit) -> None:
    order, payment = _begin("card")
    _sandbox(visit).post(payment.data["url"], **CARD, number=DECLINED)
    visit.goto(_path(order, "paid/"))


@state("paying")
def pay_thanks(visit: Visit) -> None:
    order, payment = _begin("card")
    _sandbox(visit).post(payment.data["url"], **CARD, number=VISA)
    visit.goto(_path(order, "paid/"))


@state("paying")
def pay_checking(visit: Visit) -> None:
    order, payment = _begin("card")
    _sandbox(visit).post(payment.data["url"], **CARD, number=VISA)
    _sandbox(visit).fault(provider="stripe", path="/v1/*", kind="status", status=500)
    visit.goto(_path(order, "paid/"))
    visit.page.get_by_role("heading", name="Checking your payment").wait_for()
    _sandbox(visit).control("DELETE", "faults")


@state("paying")
def pay_order_is_being_checked(visit: Visit) -> None:
    pay_checking(visit)
    visit.goto(_path(Order.objects.latest("pk")))


@state("paying")
def pay_code(visit: Visit) -> None:
    order, _ = _begin("khqr")
    visit.goto(_path(order, "pay/"))


@state("paying")
def pay_code_has_ended(visit: Visit) -> None:
    order, payment = _begin("khqr")
    Payment.objects.filter(pk=payment.pk).update(expires_at=payment.started_at - timedelta(minutes=1))
    visit.goto(_path(order, "pay/"))


@state("sandbox")
def sandbox_card_page(visit: Visit) -> None:
    visit.page.goto(_begin("card")[1].data["url"])


@state("sandbox")
def sandbox_card_declined(visit: Visit) -> None:
    visit.page.goto(_begin("card")[1].data["url"])
    visit.fill({"E-mail": CARD["email"], "Card number": DECLINED})
    visit.fill({"Expiry (MM / YY)": CARD["expiry"], "Security code": CARD["cvc"]})
    visit.press("Pay")


@state("sandbox")
def sandbox_card_challenge(visit: Visit) -> None:
    payment = _begin("card")[1]
    challenge = _sandbox(visit).post(payment.data["url"], **CARD, number=ALWAYS_3DS)
    visit.page.goto(f"{_sandbox(visit).url}{challenge.location}")
