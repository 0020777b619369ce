"""Orders as their owner sees them: by account, by signed link, or by asking for such a link."""

from collections.abc import Callable, Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.limits import count_asking
from catalog.models import Product
from core.images import ACCEPTED
from core.refusals import Refusal, TooManyTries
from orders.cancellation import can_be_cancelled, cancel_order
from orders.flow import CancelReason, OrderState, ShipmentState
from orders.guest_access import order_from_token, send_order_link
from orders.models import Allocation, Order, OrderBill, OrderLine
from orders.paying import online_methods
from orders.receipts import receipt_of
from orders.transfer_proofs import bill_to_prove
from payments.flow import PaymentState
from payments.models import Bill, Payment
from payments.proving import LIMITS, MOST_PROOFS
from rentals.flow import AgreementState
from rentals.models import Agreement
from storefront.forms import sent
from storefront.forms.orders import FindOrderForm
from storefront.pages import page_number, shown_pages
from storefront.progress import progress

ORDERS_ON_A_PAGE = 10
View = Callable[..., HttpResponse]


def with_token(view: View) -> View:
    """Open a guest's order by the signed link; a spent link leads to the page that sends a new one."""

    @wraps(view)
    def checked(request: HttpRequest, token: str) -> HttpResponse:
        try:
            order = order_from_token(token)
        except Refusal as refusal:
            form = FindOrderForm()
            return render(request, "orders/find.html", {"form": form, "refusal": refusal}, status=HTTPStatus.NOT_FOUND)
        return view(request, order, token)

    return checked


@never_cache
@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """The account's orders, newest first."""
    orders = Order.objects.visible_to(request.user).order_by("-id").prefetch_related("lines")
    page = Paginator(orders, ORDERS_ON_A_PAGE).get_page(page_number(request))
    return render(
        request, "orders/list.html", {"page": page, "numbers": shown_pages(page.number, page.paginator.num_pages)}
    )


@never_cache
@login_required
@require_safe
def show(request: HttpRequest, code: str) -> HttpResponse:
    """One of the account's orders."""
    return _page(request, get_object_or_404(Order.objects.visible_to(request.user), code=code), token="")


@never_cache
@require_safe
@with_token
def show_to_guest(request: HttpRequest, order: Order, token: str) -> HttpResponse:
    """The order that a signed link opens."""
    return _page(request, order, token=token)


@never_cache
@login_required
@require_POST
def cancel(request: HttpRequest, code: str) -> HttpResponse:
    """Call one of the account's orders off."""
    order = get_object_or_404(Order.objects.visible_to(request.user), code=code)
    _cancel(request, order)
    return redirect("storefront:order", code=order.code)


@never_cache
@require_POST
@with_token
def cancel_as_guest(request: HttpRequest, order: Order, token: str) -> HttpResponse:
    """Call the order off that a signed link opens."""
    _cancel(request, order)
    return redirect("storefront:guest_order", token=token)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Send a link to whoever gives an order's code and e-mail. The answer is the same for right and wrong."""
    form = FindOrderForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            count_asking(request, "look up", form.cleaned_data["email"])
        except TooManyTries as refusal:
            shown = {"form": form, "refusal": refusal}
            response = render(request, "orders/find.html", shown, status=HTTPStatus.TOO_MANY_REQUESTS)
            response["Retry-After"] = str(refusal.wait)
            return response
        send_order_link(form.cleaned_data["code"], form.cleaned_data["email"])
        return redirect("storefront:find_order_sent")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    return render(request, "orders/find.html", {"form": form, "refusal": None}, status=status)


@never_cache
@require_safe
def link_sent(request: HttpRequest) -> HttpResponse:
    """What everybody sees who asked for a link."""
    return render(request, "orders/link_sent.html")


def _cancel(request: HttpRequest, order: Order) -> None:
    by = request.user if request.user.is_authenticated else None
    try:
        cancel_order(order, by=by, reason=CancelReason.CUSTOMER)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("The order is cancelled. Nothing will be sent."))


def _can_be_reviewed(line: OrderLine) -> bool:
    """Tell whether something of the line has arrived and its product still has a page."""
    product = line.variant.product
    is_shown = product.status == Product.Status.ACTIVE and product.category.is_visible
    parcels = [allocation.shipment for allocation in line.allocations.all() if allocation.shipment]
    return is_shown and any(parcel.state == ShipmentState.DELIVERED for parcel in parcels)


def _is_checking(bills: Sequence[Bill]) -> bool:
    """Tell whether nobody knows yet how the last payment stands: then nothing may ask for another one."""
    return Payment.objects.filter(live_bill__in=bills, state=PaymentState.CHECKING).exists()


def _transfer(order: Order, bills: Sequence[Bill], token: str) -> dict[str, Any]:
    """Return what the form for the picture of a bank transfer needs; `transfer_bill` is None when none is wanted."""
    bill = bill_to_prove(order, bills)
    if bill is None:
        return {"transfer_bill": None}
    proofs = list(bill.proofs.order_by("id"))
    return {
        "transfer_bill": bill,
        "proofs": proofs,
        "may_send_proof": len(proofs) < MOST_PROOFS,
        "picture_kinds": ACCEPTED,
        "picture_megabytes": LIMITS.megabytes,
        "transfer_url": reverse("storefront:guest_show_transfer", args=[token])
        if token
        else reverse("storefront:show_transfer", args=[order.code]),
    }


def _page(request: HttpRequest, order: Order, *, token: str) -> HttpResponse:
    allocations = Allocation.objects.filter(released_at=None).select_related("unit", "shipment").order_by("id")
    lines = list(
        order.lines.select_related("variant__product__category").prefetch_related(
            Prefetch("allocations", queryset=allocations)
        )
    )
    bills = [row.bill for row in OrderBill.objects.filter(order=order).select_related("bill").order_by("id")]
    shipments = list(order.shipments.all())
    if not lines:
        raise Http404
    is_rented = any(line.rental_months for line in lines)
    agreements = list(Agreement.objects.of_order(order).select_related("line")) if is_rented and not token else []
    context = {
        "order": order,
        "token": token,
        "lines": lines,
        "agreements": agreements,
        "to_sign": next((one for one in agreements if one.state == AgreementState.DRAFT), None),
        "reviewable": set() if token else {line.pk for line in lines if _can_be_reviewed(line)},
        "bill": bills[0] if bills else None,
        "shipments": shipments,
        "steps": progress(order, list(order.events.all()), bills),
        "may_cancel": can_be_cancelled(order, reason=CancelReason.CUSTOMER),
        "bank_instructions": settings.BANK_TRANSFER_INSTRUCTIONS,
        "pay_url": reverse("storefront:guest_pay_order", args=[token])
        if token
        else reverse("storefront:pay_order", args=[order.code]),
        "receipt": receipt_of(order, bills=bills),
        "receipt_url": reverse("storefront:guest_receipt", args=[token])
        if token
        else reverse("storefront:receipt", args=[order.code]),
        **_transfer(order, bills, token),
        "is_checking": order.state == OrderState.PENDING and _is_checking(bills),
        "can_pay_online": order.state == OrderState.PENDING and bool(online_methods()),
    }
    return render(request, "orders/page.html", context)
