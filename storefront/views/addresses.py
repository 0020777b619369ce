"""The address book. Addresses are known by their code, and only to their owner."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.addresses import delete_address, make_default, save_address
from accounts.forms import AddressForm
from accounts.models import Address
from core.refusals import Refusal
from storefront.forms import sent
from storefront.views.account import complain, form_page, show_or_send


@never_cache
@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """All addresses, the default first."""
    return render(request, "account/addresses.html", {"addresses": list(request.user.addresses.all())})


@never_cache
@login_required
@show_or_send
def add(request: HttpRequest) -> HttpResponse:
    """Write a new address into the book."""
    user = request.user
    known = {"full_name": user.get_full_name(), "phone": user.phone}
    return _edit(request, None, AddressForm(sent(request), initial=known))


@never_cache
@login_required
@show_or_send
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Correct an address."""
    address = _own(request, code)
    return _edit(request, address, AddressForm(sent(request), instance=address))


@never_cache
@login_required
@require_POST
def delete(request: HttpRequest, code: str) -> HttpResponse:
    """Take an address out of the book."""
    delete_address(_own(request, code), by=request.user)
    messages.success(request, _("The address is deleted. Orders keep their copy of it."))
    return redirect("storefront:addresses")


@never_cache
@login_required
@require_POST
def set_default(request: HttpRequest, code: str) -> HttpResponse:
    """Make an address the one that checkout suggests."""
    try:
        make_default(_own(request, code), by=request.user)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return redirect("storefront:addresses")


def _own(request: HttpRequest, code: str) -> Address:
    return get_object_or_404(request.user.addresses, code=code)


def _edit(request: HttpRequest, address: Address | None, form: AddressForm) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        # The form has written into its own copy; the deed reads the row again under lock.
        try:
            save_address(request.user, values=form.cleaned_data, address=address, by=request.user)
        except Refusal as refusal:
            complain(form, refusal)
        else:
            messages.success(request, _("The address is saved."))
            return redirect("storefront:addresses")
    return form_page(request, "account/address.html", form, address=address)
