"""Pay an order: choose how, go to the provider, come back. The page says what the provider says, never more."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from core.money import amount_text
from core.refusals import Refusal
from orders import transfer_proofs
from orders.flow import OrderState
from orders.models import Order, OrderBill
from orders.paying_online import check_payment, check_payment_now, pay_order, ways_to_pay_now
from payments.attempts import attempt_of
from payments.collecting import live_attempt
from payments.declines import advice
from payments.flow import LIVE, PaymentState
from payments.models import Payment
from payments.polling import check_when_due
from payments.providers.khqr.rates import riel_offer
from payments.providers.khqr.showing import shown_code
from storefront.views.orders import with_token
from storefront.words import at_rate

BY_CODE = (Payment.Method.KHQR, Payment.Method.KHQR_RIEL)
NOTHING_NEW = HTTPStatus.NO_CONTENT
# A slow bank may still deliver in this time (payments.providers.khqr.provider.WATCH_AFTER_END).
ENDED_CODE_SHOWN_FOR = timedelta(minutes=15)
STOP_ASKING = 286  # htmx's own status
Page = Callable[[HttpRequest, Order, str], HttpResponse]


def for_owner(page: Page) -> Callable[..., HttpResponse]:
    """Let an account reach `page` by its order's code."""

    @never_cache
    @login_required
    @wraps(page)
    def view(request: HttpRequest, code: str) -> HttpResponse:
        return page(request, get_object_or_404(Order.objects.visible_to(request.user), code=code), "")

    return view


def for_guest(page: Page) -> Callable[..., HttpResponse]:
    """Let a guest reach `page` by a signed link."""
    return never_cache(with_token(page))


@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, order: Order, token: str = "") -> HttpResponse:
    """Choose how to pay (GET), or begin (POST)."""
    if order.state != OrderState.PENDING:
        return redirect(address(order, token))
    if request.method == "POST":
        return lead_to_payment(request, order, token, method=wanted_method(request), saves_card=may_keep_card(request))
    bill = OrderBill.objects.filter(order=order).order_by("id").select_related("bill").get().bill
    live = live_attempt(bill)
    wants_choice = "choose" in request.GET
    if live is not None and live.method in BY_CODE and not wants_choice:
        return _code_page(request, order, token, live)
    if live is not None and live.state == PaymentState.CHECKING:
        context = {
            "order": order,
            "token": token,
            "bill": bill,
            "check_url": address(order, token, "check"),
            "status_url": address(order, token, "status"),
        }
        return render(request, "payments/checking.html", context)
    ways = ways_to_pay_now(order)
    last = live or bill.payments.order_by("-pk").first()
    if last is not None and not wants_choice and _has_just_ended(last):
        return _code_page(request, order, token, last)
    context = {
        "order": order,
        "token": token,
        "bill": bill,
        "ways": ways,
        "chosen": live.method if live else order.payment_method,
        "may_keep_card": order.user_id is not None,
        "keeps_card": live is not None and live.saves_method,
        "riel": riel_offer(bill.amount) if Payment.Method.KHQR_RIEL in ways else None,
        "advice": advice(last.failure_code) if last is not None else "",
        "pay_url": address(order, token, "pay"),
        "order_url": address(order, token),
    }
    return render(request, "payments/choose.html", context)


@require_safe
def come_back(request: HttpRequest, order: Order, token: str = "") -> HttpResponse:
    """Where the provider's page leads: ask the provider. That somebody comes here proves nothing."""
    return _checked(request, order, token, ask=check_payment)


@require_POST
def check_now(request: HttpRequest, order: Order, token: str = "") -> HttpResponse:
    """The customer says that they have paid: ask the provider, at most every few seconds."""
    return _checked(request, order, token, ask=check_payment_now)


@require_safe
def status(request: HttpRequest, order: Order, token: str = "") -> HttpResponse:
    """Tell a waiting page whether to load anew; ask the provider when it is time to."""
    if order.state != OrderState.PENDING:
        return HttpResponse(status=STOP_ASKING, headers={"HX-Refresh": "true"})
    bill = OrderBill.objects.filter(order=order).order_by("id").select_related("bill").get().bill
    live = live_attempt(bill)
    if live is None:
        return HttpResponse(status=STOP_ASKING, headers={"HX-Refresh": "true"})
    before = live.state
    live = check_when_due(live)
    if live.state in LIVE and live.state == before:
        return HttpResponse(status=NOTHING_NEW)
    return HttpResponse(status=NOTHING_NEW, headers={"HX-Refresh": "true"})


@require_POST
def show_transfer(request: HttpRequest, order: Order, token: str = "") -> HttpResponse:
    """Take in the picture of a bank transfer. It pays nothing; staff look for the money."""
    upload = request.FILES.get("picture")
    by = request.user if request.user.is_authenticated else None
    if upload is None:
        messages.error(request, _("Choose a picture first."))
        return redirect(address(order, token))
    try:
        transfer_proofs.show_transfer(order, upload=upload, by=by)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("Thank you for the picture. We look for your transfer and write to you."))
    return redirect(address(order, token))


def wanted_method(request: HttpRequest) -> str:
    """Return the way of paying that a form names, in a field or in its address."""
    return (request.POST.get("method") or request.GET.get("method", ""))[:20]


def may_keep_card(request: HttpRequest) -> bool:
    """Tell whether the customer lets us keep the card: only their own tick does."""
    return "saves_card" in request.POST


def lead_to_payment(
    request: HttpRequest, order: Order, token: str, *, method: str, saves_card: bool = False
) -> HttpResponse:
    """Begin to pay, or go on with it, and lead to where the customer does their part."""
    by = request.user if request.user.is_authenticated else None
    try:
        payment = pay_order(order, method=method, by=by, saves_card=saves_card)
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect(address(order, token, "pay"))
    if payment.state == PaymentState.PENDING and payment.data.get("url"):
        return HttpResponse(status=HTTPStatus.SEE_OTHER, headers={"Location": payment.data["url"]})
    if payment.state in (PaymentState.FAILED, PaymentState.CLOSED):
        messages.error(request, _("The payment could not be started. Nothing was charged. Please try again."))
    if payment.method == Payment.Method.BANK_TRANSFER:
        return redirect(address(order, token))
    return redirect(address(order, token, "pay"))


def address(order: Order, token: str, page: str = "") -> str:
    """Return the path of one of the order's pages: "", "pay", "paid", "check" or "status"."""
    name = {"": "order", "pay": "pay_order", "paid": "paid_order", "check": "check_order", "status": "order_status"}[
        page
    ]
    if token:
        return reverse(f"storefront:guest_{name}", args=[token])
    return reverse(f"storefront:{name}", args=[order.code])


def _checked(request: HttpRequest, order: Order, token: str, *, ask: Callable[[Order], Payment | None]) -> HttpResponse:
    try:
        payment = ask(order)
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect(address(order, token))
    order.refresh_from_db()
    if order.state != OrderState.PENDING:
        if payment is not None and payment.state == PaymentState.CAPTURED:
            messages.success(request, _("Thank you. Your payment has arrived."))
        return redirect(address(order, token))
    if payment is not None and payment.state == PaymentState.CAPTURED:
        messages.info(request, _("Your payment has arrived. We are looking into it and write to you."))
        return redirect(address(order, token))
    return redirect(address(order, token, "pay"))


def _has_just_ended(payment: Payment) -> bool:
    """Tell whether this is a code that ended a moment ago: who has just paid it must read that, and not "pay again"."""
    ended = payment.method in BY_CODE and payment.state == PaymentState.CLOSED and payment.expires_at is not None
    return ended and payment.expires_at <= clock.now() < payment.expires_at + ENDED_CODE_SHOWN_FOR


def _code_page(request: HttpRequest, order: Order, token: str, live: Payment) -> HttpResponse:
    context = {
        "order": order,
        "token": token,
        "khqr": shown_code(attempt_of(live), now=clock.now()),
        "rate_lines": _rate_lines(live),
        "advice": advice(live.failure_code),
        "method": live.method,
        "email": order.email,
        "check_url": address(order, token, "check"),
        "new_code_url": f"{address(order, token, 'pay')}?method={live.method}",
        "other_way_url": f"{address(order, token, 'pay')}?choose=1",
        "status_url": address(order, token, "status"),
    }
    return render(request, "payments/khqr.html", context)


def _rate_lines(payment: Payment) -> list[str]:
    """Return what stands under a sum in another currency than the bill's: the bill's sum, the rate, its source."""
    if payment.rate is None:
        return []
    lines = [at_rate(amount_text(payment.amount, payment.currency), payment.rate), payment.data.get("rate_source", "")]
    return [line for line in lines if line]


own_transfer, guest_transfer = for_owner(show_transfer), for_guest(show_transfer)
own_pay, own_come_back = for_owner(pay), for_owner(come_back)
own_check_now, own_status = for_owner(check_now), for_owner(status)
guest_pay, guest_come_back = for_guest(pay), for_guest(come_back)
guest_check_now, guest_status = for_guest(check_now), for_guest(status)
