"""Rented machines as their customer sees them: the agreement to sign, then how it stands, with all its papers."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from core.refusals import Refusal
from orders.flow import OrderState
from orders.paying import ONLINE
from rentals.agreeing import agree
from rentals.calendars import due_dates as calendar_of
from rentals.disclosing import disclosure_of, payments_words
from rentals.documents.certificate import write_certificate
from rentals.documents.contract import draw_up
from rentals.documents.statement import standing_of, write_statement
from rentals.documents.vault import contract_of
from rentals.flow import AgreementState
from rentals.handing_back import hand_back, keep_it
from rentals.models import Agreement
from rentals.overview import Action, overview_of, overviews_of
from rentals.rules.offering import offer_of
from rentals.wording import entry_words, row_words
from storefront.charts import curve_of
from storefront.forms.rentals import SignForm
from storefront.pages import page_number, shown_pages
from storefront.views.paying import lead_to_payment

RENTALS_ON_A_PAGE = 10
Page = Callable[[HttpRequest, Agreement], HttpResponse]


def for_customer(page: Page) -> Callable[..., HttpResponse]:
    """Let an account reach `page` by its agreement's code; anybody else's agreement is not found."""

    @never_cache
    @login_required
    @wraps(page)
    def view(request: HttpRequest, code: str) -> HttpResponse:
        mine = Agreement.objects.visible_to(request.user).select_related(
            "line__order", "line__variant__product__category", "unit", "policy", "customer"
        )
        return page(request, get_object_or_404(mine, code=code))

    return view


@never_cache
@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """The account's rentals, newest first."""
    rentals = Agreement.objects.visible_to(request.user).select_related("line").order_by("-id")
    page = Paginator(rentals, RENTALS_ON_A_PAGE).get_page(page_number(request))
    context = {
        "page": page,
        "overviews": overviews_of(list(page.object_list)),
        "numbers": shown_pages(page.number, page.paginator.num_pages),
    }
    return render(request, "rentals/list.html", context)


@for_customer
@require_safe
def show(request: HttpRequest, agreement: Agreement) -> HttpResponse:
    """How one rental stands: paid, left, what it takes to finish and to own it now."""
    if agreement.state == AgreementState.DRAFT:
        return redirect("storefront:sign_rental", code=agreement.code)
    overview = overview_of(agreement)
    terms = overview.lease.account.terms
    offer = offer_of(terms, overview.lease.account.anchor)
    context = {
        "agreement": agreement,
        "overview": overview,
        "offer": offer,
        "curve": curve_of(offer),
        "to_own": {month.number: month.to_own for month in offer.months},
        "disclosure": disclosure_of(agreement),
        "row_words": row_words,
        "may": {action.value for action in overview.actions},
    }
    return render(request, "rentals/page.html", context)


@for_customer
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, agreement: Agreement) -> HttpResponse:
    """Everything to know before signing, and the signature; then the next agreement of the order, or the payment."""
    if agreement.state != AgreementState.DRAFT:
        return _onwards(request, agreement)
    if request.method != "POST":
        return _sign_page(request, agreement, SignForm())
    form = SignForm(request.POST)
    if not form.is_valid():
        return _sign_page(request, agreement, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        agree(
            agreement,
            by=request.user,
            name=form.cleaned_data["name"],
            ip=request.META.get("REMOTE_ADDR"),
            user_agent=request.headers.get("User-Agent", ""),
            read_sha256=form.cleaned_data["contract"],
            has_read=form.cleaned_data["has_read"],
        )
    except Refusal as refusal:
        agreement.refresh_from_db()
        if agreement.state != AgreementState.DRAFT:
            return _onwards(request, agreement)
        return _sign_page(request, agreement, form, refusal=refusal, status=HTTPStatus.CONFLICT)
    messages.success(request, _("Signed. Thank you."))
    return _onwards(request, agreement)


@for_customer
@require_safe
def contract(request: HttpRequest, agreement: Agreement) -> HttpResponse:
    """The contract as PDF: the signed file, or the draft as it reads now."""
    try:
        return _pdf(contract_of(agreement), f"agreement-{agreement.code}.pdf")
    except Refusal as refusal:
        messages.error(request, refusal.message)
        return redirect("storefront:rental", code=agreement.code)


@for_customer
@require_safe
def statement(request: HttpRequest, agreement: Agreement) -> HttpResponse:
    """Every movement on the agreement's account."""
    overview = overview_of(agreement)
    context = {
        "agreement": agreement,
        "overview": overview,
        "standing": standing_of(overview),
        "entries": overview.lease.account.entries,
        "entry_words": entry_words,
        "row_words": row_words,
    }
    return render(request, "rentals/statement.html", context)


@for_customer
@require_safe
def statement_pdf(request: HttpRequest, agreement: Agreement) -> HttpResponse:
    """The same as PDF."""
    return _pdf(write_statement(overview_of(agreement)), f"statement-{agreement.code}.pdf")


@for_customer
@require_safe
def due_dates(request: HttpRequest, agreement: Agreement) -> HttpResponse:
    """The dates on which rent falls due, for the customer's own calendar."""
    text = calendar_of(overview_of(agreement), made_at=clock.now())
    headers = {"Content-Disposition": f'attachment; filename="rental-{agreement.code}.ics"'}
    return HttpResponse(text, content_type="text/calendar; charset=utf-8", headers=headers)


@for_customer
@require_safe
def certificate(request: HttpRequest, agreement: Agreement) -> HttpResponse:
    """That the machine belongs to the customer, as PDF; not found before it does."""
    if agreement.owned_since is None:
        raise Http404
    return _pdf(write_certificate(agreement), f"ownership-{agreement.code}.pdf")


@for_customer
@require_http_methods(["GET", "HEAD", "POST"])
def give_back(request: HttpRequest, agreement: Agreement) -> HttpResponse:
    """What handing it back means (GET), or begin it (POST): from then on nothing is charged."""
    overview = overview_of(agreement)
    if Action.ASK_RETURN not in overview.actions:
        messages.info(request, _("This machine cannot be handed back at the moment."))
        return redirect("storefront:rental", code=agreement.code)
    if request.method == "POST":
        try:
            returned = hand_back(agreement, by=request.user, reason=request.POST.get("reason", "")[:300])
        except Refusal as refusal:
            messages.error(request, refusal.message)
        else:
            words = _("We expect it back as %(code)s. Nothing more is charged; a letter says how to send it.")
            messages.success(request, words % {"code": returned.code})
        return redirect("storefront:rental", code=agreement.code)
    items = {item.key: item for item in disclosure_of(agreement).items}
    context = {"agreement": agreement, "overview": overview, "items": items}
    return render(request, "rentals/return.html", context)


@for_customer
@require_POST
def keep(request: HttpRequest, agreement: Agreement) -> HttpResponse:
    """The customer keeps the machine after all."""
    try:
        keep_it(agreement, by=request.user)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("It stays with you. The rental goes on where it was."))
    return redirect("storefront:rental", code=agreement.code)


def _sign_page(
    request: HttpRequest,
    agreement: Agreement,
    form: SignForm,
    *,
    refusal: Refusal | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    disclosure = disclosure_of(agreement)
    siblings = list(Agreement.objects.of_order(agreement.line.order).values_list("code", flat=True))
    context: dict[str, Any] = {
        "agreement": agreement,
        "order": agreement.line.order,
        "disclosure": disclosure,
        "offer": disclosure.offer,
        "curve": curve_of(disclosure.offer),
        "payments": payments_words(disclosure.offer),
        "contract": draw_up(agreement).sha256,
        "position": siblings.index(agreement.code) + 1,
        "siblings": len(siblings),
        "form": form,
        "refusal": refusal,
    }
    return render(request, "rentals/sign.html", context, status=status)


def _onwards(request: HttpRequest, agreement: Agreement) -> HttpResponse:
    """Lead from a signed agreement to the next one of its order, to the payment, or to the agreement itself."""
    order = agreement.line.order
    waiting = Agreement.objects.of_order(order).to_sign().first()
    if waiting is not None:
        return redirect("storefront:sign_rental", code=waiting.code)
    if order.state == OrderState.PENDING and order.payment_method in ONLINE:
        return lead_to_payment(request, order, "", method=order.payment_method)
    return redirect("storefront:rental", code=agreement.code)


def _pdf(content: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'}
    )
