"""Pay rent, or the price of owning: say how much, go to the provider, come back. Only the provider says what came."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from core.refusals import Refusal
from payments.attempts import attempt_of
from payments.collecting import check, live_attempt
from payments.declines import advice
from payments.flow import LIVE, BillState, PaymentState
from payments.models import Payment
from payments.polling import check_when_due
from payments.providers.khqr.showing import shown_code
from rentals.buyout import quote_buyout, start_buyout
from rentals.models import Agreement, Collection
from rentals.overview import Action, overview_of
from rentals.paying import open_collection, pay_collection, ways_to_pay
from storefront.forms.rentals import PayForm
from storefront.views.paying import BY_CODE, NOTHING_NEW, STOP_ASKING, wanted_method
from storefront.views.rentals import for_customer

Page = Callable[[HttpRequest, Collection], HttpResponse]


def for_payer(page: Page) -> Callable[..., HttpResponse]:
    """Let an account reach `page` by the code of a bill for its own rentals."""

    @never_cache
    @login_required
    @wraps(page)
    def view(request: HttpRequest, bill: str) -> HttpResponse:
        collections = Collection.objects.select_related("bill").filter(bill__payer=request.user)
        return page(request, get_object_or_404(collections, bill__code=bill))

    return view


@for_customer
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, agreement: Agreement) -> HttpResponse:
    """How much to pay now: what is due, the next payment, or any other amount."""
    overview = overview_of(agreement)
    if Action.PAY not in overview.actions:
        messages.info(request, _("There is nothing to pay for this rental."))
        return redirect("storefront:rental", code=agreement.code)
    start = overview.due_now or (overview.next_due.outstanding if overview.next_due else overview.cost_to_finish)
    form = PayForm(request.POST if request.method == "POST" else None, initial={"amount": start})
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                collection = open_collection([agreement], amount=form.cleaned_data["amount"], by=request.user)
            except Refusal as refusal:
                form.add_error("amount", refusal.message)
            else:
                return redirect("storefront:pay_rent", bill=collection.bill.code)
    context = {"agreement": agreement, "overview": overview, "form": form}
    return render(request, "rentals/pay.html", context, status=status)


@for_customer
@require_http_methods(["GET", "HEAD", "POST"])
def own(request: HttpRequest, agreement: Agreement) -> HttpResponse:
    """The price of owning it now, of what it is made, and the button that buys it."""
    overview = overview_of(agreement)
    if overview.buyout is None or Action.BUY_OUT not in overview.actions:
        messages.info(request, _("This machine cannot be bought out at the moment."))
        return redirect("storefront:rental", code=agreement.code)
    if request.method == "POST":
        try:
            return _buy(request, agreement)
        except Refusal as refusal:
            messages.error(request, refusal.message)
            return redirect("storefront:own_rental", code=agreement.code)
    return render(request, "rentals/own.html", {"agreement": agreement, "overview": overview})


def _buy(request: HttpRequest, agreement: Agreement) -> HttpResponse:
    quote = quote_buyout(agreement, by=request.user)
    if request.POST.get("price") != str(quote.amount):
        messages.warning(request, _("The price has changed since you looked. Nothing has been bought yet."))
        return redirect("storefront:own_rental", code=agreement.code)
    collection = start_buyout(quote, by=request.user)
    if collection is None:
        messages.success(request, _("It is yours. Everything was paid already."))
        return redirect("storefront:rental", code=agreement.code)
    return redirect("storefront:pay_rent", bill=collection.bill.code)


@for_payer
@require_http_methods(["GET", "HEAD", "POST"])
def collect(request: HttpRequest, collection: Collection) -> HttpResponse:
    """Choose how to pay a bill for rent (GET), or begin (POST)."""
    bill = collection.bill
    if bill.state != BillState.OPEN:
        return _back(collection)
    if request.method == "POST":
        return _begin(request, collection)
    live = live_attempt(bill)
    if live is not None and live.method in BY_CODE and "choose" not in request.GET:
        return _code_page(request, collection, live)
    agreement = _agreement_of(collection)
    context = {"agreement": agreement, "collection": collection, "bill": bill, "urls": _urls(collection)}
    if live is not None and live.state == PaymentState.CHECKING:
        return render(request, "rentals/checking.html", context)
    last = live or bill.payments.order_by("-pk").first()
    context |= {
        "ways": ways_to_pay(),
        "chosen": last.method if last is not None else "",
        "advice": advice(last.failure_code) if last is not None else "",
    }
    return render(request, "rentals/collect.html", context)


@for_payer
@require_safe
def come_back(request: HttpRequest, collection: Collection) -> HttpResponse:
    """Where the provider's page leads: ask the provider."""
    return _checked(request, collection)


@for_payer
@require_POST
def check_now(request: HttpRequest, collection: Collection) -> HttpResponse:
    """The customer says that they have paid: ask the provider."""
    return _checked(request, collection)


@for_payer
@require_safe
def status(request: HttpRequest, collection: Collection) -> HttpResponse:
    """Tell a waiting page whether to load anew; ask the provider when it is time to."""
    live = live_attempt(collection.bill)
    if live is None:
        return HttpResponse(status=STOP_ASKING, headers={"HX-Refresh": "true"})
    before = live.state
    live = check_when_due(live)
    is_news = live.state not in LIVE or live.state != before
    return HttpResponse(status=NOTHING_NEW, headers={"HX-Refresh": "true"} if is_news else {})


def _begin(request: HttpRequest, collection: Collection) -> HttpResponse:
    try:
        payment = pay_collection(collection, method=wanted_method(request), by=request.user, saves_method=True)
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect("storefront:pay_rent", bill=collection.bill.code)
    if payment.state == PaymentState.PENDING and payment.data.get("url"):
        return HttpResponse(status=HTTPStatus.SEE_OTHER, headers={"Location": payment.data["url"]})
    if payment.state in (PaymentState.FAILED, PaymentState.CLOSED):
        messages.error(request, _("The payment could not be started. Nothing was charged. Please try again."))
    return redirect("storefront:pay_rent", bill=collection.bill.code)


def _checked(request: HttpRequest, collection: Collection) -> HttpResponse:
    live = live_attempt(collection.bill)
    try:
        payment = check(live) if live is not None else collection.bill.payments.order_by("-pk").first()
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return _back(collection)
    if payment is not None and payment.state == PaymentState.CAPTURED:
        messages.success(request, _("Thank you. Your payment has arrived."))
        return _back(collection)
    return redirect("storefront:pay_rent", bill=collection.bill.code)


def _code_page(request: HttpRequest, collection: Collection, live: Payment) -> HttpResponse:
    urls = _urls(collection)
    context = {
        "agreement": _agreement_of(collection),
        "khqr": shown_code(attempt_of(live), now=clock.now()),
        "method": live.method,
        "email": request.user.email,
        "check_url": urls["check"],
        "new_code_url": f"{urls['pay']}?method={live.method}",
        "other_way_url": f"{urls['pay']}?choose=1",
        "status_url": urls["status"],
    }
    return render(request, "rentals/code.html", context)


def _urls(collection: Collection) -> dict[str, str]:
    names = {"pay": "pay_rent", "paid": "paid_rent", "check": "check_rent", "status": "rent_status"}
    return {key: reverse(f"storefront:{name}", args=[collection.bill.code]) for key, name in names.items()}


def _agreement_of(collection: Collection) -> Agreement:
    """Return the (first) agreement that a bill is for."""
    part = collection.parts.select_related("agreement__line").order_by("pk").first()
    if part is None:
        raise Http404
    return part.agreement


def _back(collection: Collection) -> HttpResponse:
    return redirect("storefront:rental", code=_agreement_of(collection).code)
