"""Guests reach their order by a signed link; the look-up form tells nobody whether an order exists."""

from django.conf import settings
from django.core import signing

from accounts.models import email_key
from core.codes import public_code
from core.refusals import Refusal
from orders import letters
from orders.models import Order

SALT = "orders.guest-link"
LINK_LIFE_SECONDS = 24 * 60 * 60


def order_token(order: Order) -> str:
    """Return the signed token that opens this order's page for 24 hours."""
    return signing.dumps(order.code, salt=SALT)


def order_link(order: Order) -> str:
    """Return the full address of the order's page with a token in it."""
    return f"{settings.SITE_URL}/orders/view/{order_token(order)}/"


def order_from_token(token: str) -> Order:
    """Return the order that `token` opens. Raises Refusal("link_expired") or Refusal("link_invalid")."""
    try:
        code = signing.loads(token, salt=SALT, max_age=LINK_LIFE_SECONDS)
    except signing.SignatureExpired as error:
        raise Refusal("link_expired", "This link has expired. We can send you a new one.") from error
    except signing.BadSignature as error:
        raise Refusal("link_invalid", "This link is not complete. Copy it whole from the letter.") from error
    order = Order.objects.filter(code=code).first()
    if order is None:
        raise Refusal("link_invalid", "This link is not complete. Copy it whole from the letter.")
    return order


def send_order_link(code: str, email: str) -> None:
    """Send a fresh link when code and e-mail belong together; otherwise do nothing, and say nothing either way."""
    wanted = (code.strip().upper(), email_key(email))
    order = Order.objects.filter(code=wanted[0][:12], email=wanted[1][:254]).first()
    # MariaDB compares loosely (it overlooks control characters, for one): the pair must match to the letter.
    if order is not None and (order.code, order.email) == wanted:
        letters.order_link(order, link=order_link(order), request_code=public_code())
