"""The receipt of an order, to print: for its owner, for a guest by signed link, and for staff who may see orders."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.staff_sessions import is_open
from orders.models import Order
from orders.receipts import receipt_of
from storefront.views.orders import with_token
from storefront.views.paying import address

MAY_SEE_ALL = "orders.view_order"


@never_cache
@login_required
@require_safe
def own(request: HttpRequest, code: str) -> HttpResponse:
    """The receipt of one of the account's orders; of any order for staff who are inside."""
    sees_all = is_open(request) and request.user.has_perm(MAY_SEE_ALL)
    orders = Order.objects.all() if sees_all else Order.objects.visible_to(request.user)
    return _page(request, get_object_or_404(orders, code=code), token="")


@never_cache
@require_safe
@with_token
def of_guest(request: HttpRequest, order: Order, token: str) -> HttpResponse:
    """The receipt of the order that a signed link opens."""
    return _page(request, order, token=token)


def _page(request: HttpRequest, order: Order, *, token: str) -> HttpResponse:
    is_own = bool(token) or order.user_id == request.user.pk
    context = {
        "order": order,
        "token": token,
        "lines": list(order.lines.all()),
        "receipt": receipt_of(order),
        "order_url": address(order, token) if is_own else "",
    }
    return render(request, "orders/receipt.html", context)
