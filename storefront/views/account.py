"""Accounts: open one, prove the mailbox, log in and out, passwords, name and phone."""

from http import HTTPStatus
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms import (
    LoginForm,
    NewPasswordForm,
    PasswordChangeForm,
    PasswordForgottenForm,
    ProfileForm,
    RegisterForm,
    ResendVerificationForm,
)
from accounts.limits import count_asking
from accounts.passwords import change_password, request_password_reset, reset_link_works, reset_password
from accounts.profile import save_profile
from accounts.registration import register, resend_verification, verify_email
from accounts.signing_in import log_in, log_out
from carts.baskets import find_cart
from carts.wishlists import find_wishlist
from catalog.watching import watches_of
from core import clock
from core.refusals import Refusal, TooManyTries
from orders.models import Order
from payments.models import SavedMethod
from rentals.models import Agreement
from storefront.compare_cookie import forget_compared
from storefront.forms import sent
from storefront.recently_viewed import forget_viewed
from storefront.secret_cookies import CART, WISHLIST

RECENT_ORDERS = 3
show_or_send = require_http_methods(["GET", "HEAD", "POST"])


def form_page(
    request: HttpRequest, template: str, form: forms.BaseForm, *, status: int | None = None, **context: Any
) -> HttpResponse:
    """Show a form; one with complaints is answered with 422."""
    if status is None:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound and form.errors else HTTPStatus.OK
    return render(request, template, {"form": form, **context}, status=status)


def complain(form: forms.BaseForm, refusal: Refusal, *, field: str | None = None) -> None:
    """Put a refusal where it belongs: at the fields it names, else at `field`, else above the form."""
    fields = refusal.facts.get("fields")
    if isinstance(fields, dict):
        for name, sentences in fields.items():
            form.add_error(name if name in form.fields else None, sentences)
    else:
        form.add_error(field, refusal.message)


def too_many(
    request: HttpRequest, template: str, form: forms.BaseForm, refusal: TooManyTries, **context: Any
) -> HttpResponse:
    """Show the form with the word that it was sent too often: 429, and when to come back."""
    complain(form, refusal)
    response = form_page(request, template, form, status=HTTPStatus.TOO_MANY_REQUESTS, **context)
    response["Retry-After"] = str(refusal.wait)
    return response


@never_cache
@show_or_send
@sensitive_post_parameters("password")
def open_account(request: HttpRequest) -> HttpResponse:
    """Register. Whether the e-mail is known makes no difference to what is shown."""
    form = RegisterForm(sent(request))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            count_asking(request, "register", data["email"])
            register(
                email=data["email"],
                password=data["password"],
                first_name=data["first_name"],
                last_name=data["last_name"],
            )
        except TooManyTries as refusal:
            return too_many(request, "account/register.html", form, refusal)
        except Refusal as refusal:
            complain(form, refusal, field="password")
        else:
            return redirect("storefront:check_mail")
    return form_page(request, "account/register.html", form)


@never_cache
@show_or_send
def check_mail(request: HttpRequest) -> HttpResponse:
    """Say that a letter is on its way, and send another one on request."""
    form = ResendVerificationForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            count_asking(request, "resend", form.cleaned_data["email"])
        except TooManyTries as refusal:
            return too_many(request, "account/check_mail.html", form, refusal)
        resend_verification(form.cleaned_data["email"])
        messages.success(request, _("If this account waits for its confirmation, a new letter is on its way."))
        return redirect("storefront:check_mail")
    return form_page(request, "account/check_mail.html", form)


@never_cache
@show_or_send
def verify(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm a mailbox. A person presses the button: programs that only open links in letters confirm nothing."""
    if request.method != "POST":
        return render(request, "account/verify.html", {"token": token, "refusal": None})
    try:
        verify_email(token)
    except Refusal as refusal:
        return render(
            request, "account/verify.html", {"token": token, "refusal": refusal}, status=HTTPStatus.UNPROCESSABLE_ENTITY
        )
    messages.success(request, _("Your e-mail is confirmed. You can log in now."))
    return redirect("storefront:login")


@never_cache
@show_or_send
@sensitive_post_parameters("password")
def login(request: HttpRequest) -> HttpResponse:
    """Log in, bring the guest's cart and list along, and go on where the person was."""
    after = _safe_next(request)
    if request.user.is_authenticated:
        return redirect(after)
    form = LoginForm(sent(request))
    if request.method == "POST" and form.is_valid():
        code, list_code = CART.code(request), WISHLIST.code(request)
        try:
            log_in(
                request,
                email=form.cleaned_data["email"],
                password=form.cleaned_data["password"],
                cart_code=code,
                wishlist_code=list_code,
            )
        except TooManyTries as refusal:
            return too_many(request, "account/login.html", form, refusal, after=request.POST.get("next", ""))
        except Refusal as refusal:
            complain(form, refusal)
        else:
            response = redirect(after)
            # A cart or list that could not be merged stays within reach until the next log-in.
            if code is not None and find_cart(user=None, code=code) is None:
                CART.forget(response)
            if list_code is not None and find_wishlist(user=None, code=list_code) is None:
                WISHLIST.forget(response)
            return response
    return form_page(request, "account/login.html", form, after=request.POST.get("next") or request.GET.get("next", ""))


@never_cache
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """Log out. Whoever uses the browser next does not see what this person kept, compared and looked at."""
    log_out(request)
    messages.success(request, _("You are logged out."))
    response = redirect(settings.LOGOUT_REDIRECT_URL)
    for forget in (WISHLIST.forget, forget_compared, forget_viewed):
        forget(response)
    return response


@never_cache
@show_or_send
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link to choose a new password. The answer is the same for every e-mail."""
    form = PasswordForgottenForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            count_asking(request, "reset", form.cleaned_data["email"])
        except TooManyTries as refusal:
            return too_many(request, "account/forgotten.html", form, refusal)
        request_password_reset(form.cleaned_data["email"])
        return redirect("storefront:password_letter_sent")
    return form_page(request, "account/forgotten.html", form)


@never_cache
@require_safe
def password_letter_sent(request: HttpRequest) -> HttpResponse:
    """What everybody sees who asked for a new password."""
    return render(request, "account/letter_sent.html")


@never_cache
@show_or_send
@sensitive_post_parameters("new_password")
def reset(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Choose a new password behind the link from the letter."""
    if not reset_link_works(uid, token):
        return render(request, "account/reset_dead.html", status=HTTPStatus.NOT_FOUND)
    form = NewPasswordForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            reset_password(uid, token, new_password=form.cleaned_data["new_password"])
        except Refusal as refusal:
            complain(form, refusal, field="new_password" if refusal.code == "password_refused" else None)
        else:
            messages.success(request, _("Your password is new. Log in with it now."))
            return redirect("storefront:login")
    return form_page(request, "account/reset.html", form)


@never_cache
@login_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The account at a glance."""
    orders = list(Order.objects.visible_to(request.user).order_by("-id")[:RECENT_ORDERS])
    addresses = list(request.user.addresses.all())
    watches = list(watches_of(request.user))
    cards = list(SavedMethod.objects.of(request.user))
    rentals = list(Agreement.objects.visible_to(request.user).select_related("line").order_by("-id")[:RECENT_ORDERS])
    context = {
        "orders": orders,
        "addresses": addresses,
        "watches": watches,
        "cards": cards,
        "rentals": rentals,
        "today": clock.today(),
    }
    return render(request, "account/overview.html", context)


@never_cache
@login_required
@show_or_send
def profile(request: HttpRequest) -> HttpResponse:
    """Name and phone."""
    user = request.user
    known = {"first_name": user.first_name, "last_name": user.last_name, "phone": user.phone}
    form = ProfileForm(sent(request), initial=known)
    if request.method == "POST" and form.is_valid():
        try:
            save_profile(user, **form.cleaned_data, by=user)
        except Refusal as refusal:
            complain(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("storefront:account")
    return form_page(request, "account/profile.html", form)


@never_cache
@login_required
@show_or_send
@sensitive_post_parameters("current_password", "new_password")
def password(request: HttpRequest) -> HttpResponse:
    """Replace the password; this session goes on, all others end."""
    form = PasswordChangeForm(sent(request), user=request.user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            user = change_password(
                request.user,
                current_password=data["current_password"],
                new_password=data["new_password"],
                by=request.user,
            )
        except Refusal as refusal:
            complain(form, refusal, field="current_password" if refusal.code == "wrong_password" else "new_password")
        else:
            update_session_auth_hash(request, user)
            messages.success(request, _("Your password is changed. Everywhere else you are logged out."))
            return redirect("storefront:account")
    return form_page(request, "account/password.html", form)


def _safe_next(request: HttpRequest) -> str:
    """Return where to go after logging in: a page of ours that was asked for, else the account."""
    after = request.POST.get("next") or request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return after
    return resolve_url(settings.LOGIN_REDIRECT_URL)
