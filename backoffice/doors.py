"""The doors of the admin: the log-in form, and the pages where staff set up and prove their second factor.

Views outside the guard are for somebody who has given the password and not the second factor; nothing else is.
"""

from collections.abc import Callable
from typing import Any

import segno
from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from accounts.models import User
from accounts.second_factor import (
    enrol,
    has_factor,
    new_key,
    prove,
    recovery_codes_left,
    renew_recovery_codes,
    setup_address,
)
from accounts.signing_in import check_credentials
from accounts.staff_sessions import (
    WORDS,
    is_open,
    note_use,
    open_staff_session,
    recently_proved,
    renew_proof,
    why_over,
)
from core.callers import caller_address
from core.refusals import Refusal, TooManyTries

# The secret of an app that is being set up lives in the session that shows it, until a code of it has come back.
NEW_KEY = "staff_new_key"
QR_SCALE, QR_BORDER = 5, 4
MOST_IN_A_CODE = 40
View = Callable[..., HttpResponse]


class StaffLoginForm(AdminAuthenticationForm):
    """E-mail and password of a staff member, counted like every other log-in."""

    def clean(self) -> dict[str, Any]:
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if username is not None and password:
            try:
                self.user_cache = check_credentials(self.request, email=username, password=password)
            except TooManyTries as refusal:
                raise ValidationError(refusal.message, code=refusal.code, params={"wait": refusal.wait}) from refusal
            except Refusal as refusal:
                raise self.get_invalid_login_error() from refusal
            self.confirm_login_allowed(self.user_cache)
        return self.cleaned_data


class AppCodeForm(forms.Form):
    """The six digits that an app shows now."""

    code = forms.CharField(
        label="Code from your app",
        max_length=MOST_IN_A_CODE,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
        error_messages={"required": "Type the six digits that your app shows now."},
    )


class RecoveryCodeForm(forms.Form):
    """One of the ten codes from paper."""

    code = forms.CharField(
        label="Recovery code",
        max_length=MOST_IN_A_CODE,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "autofocus": True, "spellcheck": "false"}
        ),
        error_messages={"required": "Type one of your recovery codes."},
    )


class GuardedSite(AdminSite):
    """An admin site behind a second factor, with sessions that end."""

    login_form = StaffLoginForm

    def has_permission(self, request: HttpRequest) -> bool:
        """Tell whether this is staff with a proven second factor in a session that has not ended."""
        return super().has_permission(request) and is_open(request)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Guard a view as Django does; end a session that is over, with a word about why, and note that it is used."""
        guarded = super().admin_view(view, cacheable)

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            self._end_if_over(request)
            if self.has_permission(request):
                note_use(request)
            return guarded(request, *args, **kwargs)

        inner.__dict__.update(guarded.__dict__)
        return inner

    def door_urls(self) -> list[URLPattern]:
        """Return the addresses that a password alone reaches."""
        return [
            path("second-factor/", self.second_factor, name="second_factor"),
            path("second-factor/yours/", self.admin_view(self.your_factor), name="your_factor"),
            path("second-factor/again/", self.admin_view(self.prove_again), name="prove_again"),
            path("second-factor/new-app/", self.admin_view(self.new_app), name="new_app"),
            path("second-factor/new-codes/", self.admin_view(self.new_codes), name="new_codes"),
            # Outside the guard: whoever stands between password and code may leave, too.
            path("logout/", csrf_protect(never_cache(self.logout)), name="logout"),
        ]

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Ask for e-mail and password; whoever has given them goes on to the second factor."""
        self._end_if_over(request)
        if request.method == "GET" and request.user.is_active and request.user.is_staff and not is_open(request):
            return HttpResponseRedirect(f"{reverse('admin:second_factor')}?{request.GET.urlencode()}")
        response = super().login(request, extra_context)
        wait = _wait_of((getattr(response, "context_data", None) or {}).get("form"))
        if wait:
            response.status_code = 429
            response["Retry-After"] = str(wait)
        return response

    @method_decorator([never_cache, csrf_protect, sensitive_post_parameters("code")])
    def second_factor(self, request: HttpRequest) -> HttpResponse:
        """Prove the second factor after the password, or set it up at the first log-in."""
        after = _after(request)
        if not (request.user.is_active and request.user.is_staff) or why_over(request):
            return redirect_to_login(after, reverse("admin:login"))
        if is_open(request):
            return HttpResponseRedirect(after)
        if not has_factor(request.user):
            return self._set_up(request, after=after)
        return self._ask(request, after=after, proved=open_staff_session, title="One more step")

    @method_decorator(sensitive_post_parameters("code"))
    def prove_again(self, request: HttpRequest) -> HttpResponse:
        """Ask for a code once more before something that weighs more than reading."""
        after = _after(request)
        if recently_proved(request):
            return HttpResponseRedirect(after)
        return self._ask(request, after=after, proved=renew_proof, title="Is it still you?")

    def your_factor(self, request: HttpRequest) -> HttpResponse:
        """Show what is set up, and lead to a new app or new recovery codes."""
        context = {"title": "Your second step", "left": recovery_codes_left(request.user)}
        return self._page(request, "admin/doors/yours.html", context)

    @method_decorator(sensitive_post_parameters("code"))
    def new_app(self, request: HttpRequest) -> HttpResponse:
        """Set up another app in the place of the present one."""
        if not recently_proved(request):
            return _prove_first(request)
        return self._set_up(request, after=reverse("admin:your_factor"))

    def new_codes(self, request: HttpRequest) -> HttpResponse:
        """Make ten new recovery codes and show them once."""
        if not recently_proved(request):
            return _prove_first(request)
        if request.method != "POST":
            return HttpResponseRedirect(reverse("admin:your_factor"))
        codes = renew_recovery_codes(_person(request), by=request.user)
        return self._show_codes(request, codes, after=reverse("admin:your_factor"))

    def _end_if_over(self, request: HttpRequest) -> None:
        over = why_over(request)
        if over:
            logout(request)
            messages.info(request, WORDS[over])

    def _ask(self, request: HttpRequest, *, after: str, proved: Callable[[Any], None], title: str) -> HttpResponse:
        """Show the form for a code; after a right one call `proved` and go on to `after`."""
        by_paper = "recovery" in request.GET
        form = (RecoveryCodeForm if by_paper else AppCodeForm)(request.POST if request.method == "POST" else None)
        wait = 0
        if form.is_bound and form.is_valid():
            try:
                prove(_person(request), code=form.cleaned_data["code"], address=caller_address(request))
            except Refusal as refusal:
                form.add_error("code", refusal.message)
                wait = getattr(refusal, "wait", 0)
            else:
                proved(request)
                if by_paper:
                    left = recovery_codes_left(request.user)
                    messages.warning(
                        request,
                        f"This recovery code is used up; {left} are left. Is your phone gone? Set up a new app.",
                    )
                    return HttpResponseRedirect(reverse("admin:your_factor"))
                return HttpResponseRedirect(after)
        context = {"title": title, "form": form, "after": after, "by_paper": by_paper}
        return self._page(request, "admin/doors/prove.html", context, wait=wait)

    def _set_up(self, request: HttpRequest, *, after: str) -> HttpResponse:
        """Show the picture that an app reads; after its first right code show the recovery codes."""
        key = request.session.setdefault(NEW_KEY, new_key())
        user = _person(request)
        form = AppCodeForm(request.POST if request.method == "POST" else None)
        wait = 0
        if form.is_bound and form.is_valid():
            try:
                codes = enrol(
                    user, key=key, code=form.cleaned_data["code"], address=caller_address(request), by=request.user
                )
            except Refusal as refusal:
                form.add_error("code", refusal.message)
                wait = getattr(refusal, "wait", 0)
            else:
                del request.session[NEW_KEY]
                # All sessions of the person have ended; this one begins anew.
                user.refresh_from_db()
                update_session_auth_hash(request, user)
                open_staff_session(request)
                return self._show_codes(request, codes, after=after)
        address = setup_address(user, key)
        picture = segno.make(address, error="m").svg_data_uri(scale=QR_SCALE, border=QR_BORDER, light="#fff")
        context = {
            "title": "Set up your second step",
            "form": form,
            "after": after,
            "picture": picture,
            "secret": _in_fours(address),
        }
        return self._page(request, "admin/doors/set_up.html", context, wait=wait)

    def _show_codes(self, request: HttpRequest, codes: list[str], *, after: str) -> HttpResponse:
        context = {"title": "Your recovery codes", "codes": codes, "after": after}
        return self._page(request, "admin/doors/codes.html", context)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any], *, wait: int = 0) -> HttpResponse:
        request.current_app = self.name  # type: ignore[attr-defined]
        form = context.get("form")
        status = 429 if wait else 422 if form is not None and form.errors else 200
        shown = {**self.each_context(request), "subtitle": None, **context}
        response = TemplateResponse(request, template, shown, status=status)
        if wait:
            response["Retry-After"] = str(wait)
        return response


def _person(request: HttpRequest) -> User:
    """Return the signed-in person as the row itself, not as the lazy stand-in of the request."""
    return User.objects.get(pk=request.user.pk)


def _prove_first(request: HttpRequest) -> HttpResponse:
    return redirect_to_login(request.path, reverse("admin:prove_again"))


def _after(request: HttpRequest) -> str:
    """Return the page of ours that was asked for, else the admin's home."""
    after = request.POST.get("next") or request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return after
    return reverse("admin:index")


def _wait_of(form: forms.Form | None) -> int:
    """Return for how long the log-in form is closed to this caller, in seconds."""
    for error in form.non_field_errors().as_data() if form is not None else ():
        if error.code == "too_many_tries":
            return error.params["wait"]
    return 0


def _in_fours(address: str) -> str:
    """Return the secret of an otpauth:// address for people who type it, in groups of four."""
    secret = address.partition("secret=")[2].partition("&")[0]
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
