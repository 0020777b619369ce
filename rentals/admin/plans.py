"""Rental plans: a page for each, and beside a variant the tool that proposes their prices."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from catalog.admin.offers import VariantAdmin
from catalog.models import RentalPlan, Unit, Variant
from core.admin import money_column
from core.admin_deeds import Deed, DeedButtons, DeedForm
from core.money import amount_text
from core.refusals import Refusal
from rentals.plans import (
    USUAL_RATIOS,
    Proposal,
    propose,
    publish_plan,
    set_price,
    unpublish_plan,
)
from rentals.policies import current_policy
from rentals.rules.pricing import price_of

TERMS = tuple(RentalPlan.Months.values)
CHANGE, ADD = "catalog.change_rentalplan", "catalog.add_rentalplan"


class WhyForm(DeedForm):
    """Why a plan is no longer offered."""

    reason = forms.CharField(
        max_length=300,
        label="Reason",
        widget=forms.TextInput(attrs={"class": "vTextField", "autofocus": True}),
        error_messages={"required": "Say in a few words why."},
    )


def _publish(plan: RentalPlan, *, by: Any) -> str:
    publish_plan(plan, by=by)
    return "Offered from now on."


def _unpublish(plan: RentalPlan, *, by: Any, reason: str) -> str:
    unpublish_plan(plan, by=by, reason=reason)
    return "No longer offered. Agreements made under it go on."


@admin.register(RentalPlan)
class RentalPlanAdmin(DeedButtons):
    """Monthly prices. The policy decides what can be offered; the price of an offered plan stands."""

    deeds = (
        Deed(
            name="publish",
            label="Offer it",
            permission=CHANGE,
            run=_publish,
            offered=lambda plan: not plan.is_published,
            is_main=True,
            bulk=True,
        ),
        Deed(
            name="unpublish",
            label="Stop offering it",
            permission=CHANGE,
            run=_unpublish,
            offered=lambda plan: plan.is_published,
            form=WhyForm,
            question="Shoppers cannot rent on this plan any more. Agreements made under it go on as they are.",
            bulk=True,
            is_danger=True,
        ),
    )
    list_display = ["variant", "months", "monthly_price_text", "total_text", "is_published"]
    list_filter = ["is_published", "months"]
    search_fields = ["=variant__sku", "variant__product__name"]
    autocomplete_fields = ["variant"]
    fields = ["variant", "months", "monthly_price", "is_published"]
    monthly_price_text = money_column("monthly_price", "monthly")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RentalPlan]:
        return super().get_queryset(request).select_related("variant__product__brand")

    def get_readonly_fields(self, request: HttpRequest, obj: RentalPlan | None = None) -> list[str]:
        if obj is None:
            return ["is_published"]
        return ["is_published", "variant", "months", *(["monthly_price"] if obj.is_published else [])]

    def save_model(self, request: HttpRequest, obj: RentalPlan, form: forms.ModelForm, change: bool) -> None:
        """Hand the price to the deed, which asks the policy."""
        saved = set_price(obj.variant, months=obj.months, monthly_price=obj.monthly_price, by=request.user)
        obj.pk = saved.pk
        obj._state.adding = False

    @admin.display(description="total to own")
    def total_text(self, plan: RentalPlan) -> str:
        """What all payments come to."""
        return amount_text(plan.monthly_price * plan.months, settings.SHOP_CURRENCY)

    def links(self, request: HttpRequest, plan: RentalPlan) -> Sequence[tuple[str, str]]:
        return [("All plans of this variant", _tool_url(plan.variant_id))]


class RatioForm(forms.Form):
    """How many times the cash price the customer pays in all, for each term."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for months in TERMS:
            self.fields[f"ratio_{months}"] = forms.DecimalField(
                label=f"{months} months",
                min_value=Decimal("0.01"),
                max_digits=5,
                decimal_places=3,
                initial=USUAL_RATIOS[months],
                widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.005"}),
            )

    def ratios(self) -> dict[int, Decimal]:
        """Return what was asked for, or the usual ratios."""
        if not self.is_bound or not self.is_valid():
            return dict(USUAL_RATIOS)
        return {months: self.cleaned_data[f"ratio_{months}"] for months in TERMS}


class PlansForm(forms.Form):
    """A monthly price for each term, and whether it is offered. An empty price leaves the plan as it is."""

    def __init__(self, *args: Any, plans: dict[int, RentalPlan], proposals: dict[int, Proposal], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for months in TERMS:
            plan, proposal = plans.get(months), proposals.get(months)
            known = plan.monthly_price if plan else None
            self.fields[f"price_{months}"] = forms.DecimalField(
                label=f"{months} months, a month",
                required=False,
                min_value=Decimal("0.01"),
                max_digits=12,
                decimal_places=2,
                initial=known if known is not None else (proposal.price.payment if proposal else None),
                widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.01"}),
            )
            self.fields[f"offer_{months}"] = forms.BooleanField(
                label=f"Offer {months} months", required=False, initial=bool(plan and plan.is_published)
            )

    def rows(self) -> list[tuple[int, Any, Any]]:
        """Return (months, field of the price, field of the offer)."""
        return [(months, self[f"price_{months}"], self[f"offer_{months}"]) for months in TERMS]


admin.site.unregister(Variant)


@admin.register(Variant)
class RentableVariantAdmin(VariantAdmin):
    """The variant's page with its rental plans: a price that the policy no longer allows to be rented out ends them."""

    def links(self, request: HttpRequest, variant: Variant) -> list[tuple[str, str]]:
        links = super().links(request, variant)
        if request.user.has_perm("catalog.view_rentalplan"):
            links.append(("Rental plans", _tool_url(variant.pk)))
        return links

    def save_model(self, request: HttpRequest, obj: Variant, form: forms.ModelForm, change: bool) -> None:
        """Save, and tell which plans the new price has ended."""
        offered = list(obj.rental_plans.filter(is_published=True)) if change else []
        super().save_model(request, obj, form, change)
        still = set(obj.rental_plans.filter(is_published=True).values_list("pk", flat=True)) if offered else set()
        for plan in offered:
            if plan.pk in still:
                continue
            words = f"{plan.months} months at {amount_text(plan.monthly_price, settings.SHOP_CURRENCY)} is no longer"
            messages.warning(request, f"{words} offered for rent: at this price the policy forbids it.")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.plans_view)
        return [path("<int:object_id>/rental-plans/", view, name="catalog_variant_rental_plans"), *super().get_urls()]

    def plans_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Propose monthly prices, show what they come to, set and offer them."""
        if not request.user.has_perm("catalog.view_rentalplan") or not self.has_view_permission(request):
            raise PermissionDenied
        variant = self.get_object(request, str(object_id))
        if variant is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(object_id))
        may_change = request.user.has_perm(CHANGE) and request.user.has_perm(ADD)
        if request.method == "POST" and not may_change:
            raise PermissionDenied
        ratios = RatioForm(request.GET if any(name.startswith("ratio_") for name in request.GET) else None)
        plans = {plan.months: plan for plan in variant.rental_plans.order_by("months")}
        proposals, problem = _proposals(variant, ratios)
        form = PlansForm(request.POST or None, plans=plans, proposals={one.months: one for one in proposals})
        if request.method == "POST" and form.is_valid():
            if self._store(request, variant, plans, form):
                return HttpResponseRedirect(_tool_url(variant.pk))
            plans = {plan.months: plan for plan in variant.rental_plans.order_by("months")}
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Rental plans",
            "subtitle": str(variant),
            "original": variant,
            "page": reverse("admin:catalog_variant_change", args=[variant.pk]),
            "cash_price": amount_text(variant.price, settings.SHOP_CURRENCY) if variant.price is not None else "",
            "policy": current_policy(),
            "ratio_form": ratios,
            "proposals": [_told(one) for one in proposals],
            "problem": problem,
            "form": form,
            "plans": [_standing(variant, plan) for plan in plans.values()],
            "may_change": may_change,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/rentals/plans.html", context, status=400 if form.errors else 200)

    def _store(self, request: HttpRequest, variant: Variant, plans: dict[int, RentalPlan], form: PlansForm) -> bool:
        """Set and offer each term by itself; what the policy refuses is told at its field."""
        for months in TERMS:
            price, offer = form.cleaned_data[f"price_{months}"], form.cleaned_data[f"offer_{months}"]
            plan = plans.get(months)
            try:
                if price is not None and (plan is not None or offer):
                    plan = set_price(variant, months=months, monthly_price=price, by=request.user)
                if plan is not None and offer and not plan.is_published:
                    publish_plan(plan, by=request.user)
                    self.message_user(request, f"{months} months is offered from now on.", messages.SUCCESS)
                elif plan is not None and not offer and plan.is_published:
                    unpublish_plan(plan, by=request.user, reason="taken off on the page of the variant's plans")
                    self.message_user(request, f"{months} months is no longer offered.", messages.SUCCESS)
            except Refusal as refusal:
                form.add_error(f"price_{months}", refusal.message)
            else:
                if offer and plan is None:
                    form.add_error(f"price_{months}", "Enter the monthly price.")
        return not form.errors


def _tool_url(variant_id: int) -> str:
    return reverse("admin:catalog_variant_rental_plans", args=[variant_id])


def _proposals(variant: Variant, ratios: RatioForm) -> tuple[list[Proposal], str]:
    costs = Unit.objects.available().filter(variant=variant, cost__gt=0).values_list("cost", flat=True)
    try:
        return propose(variant, ratios=ratios.ratios(), costs=costs), ""
    except Refusal as refusal:
        return [], refusal.message


def _told(proposal: Proposal) -> dict[str, Any]:
    code, price = settings.SHOP_CURRENCY, proposal.price
    return {
        "months": proposal.months,
        "monthly": amount_text(price.payment, code),
        "total": amount_text(price.total, code),
        "more": amount_text(price.difference_to_cash, code),
        "ratio": price.ratio,
        "paybacks": [f"{amount_text(cost, code)}: after {n} of {price.payments}" for cost, n in proposal.paybacks],
    }


def _standing(variant: Variant, plan: RentalPlan) -> dict[str, Any]:
    """Return what a plan comes to at today's cash price."""
    code = settings.SHOP_CURRENCY
    row = {"plan": plan, "monthly": amount_text(plan.monthly_price, code)}
    if variant.price is None:
        return row
    price = price_of(
        cash_price=variant.price, payment=plan.monthly_price, payments=plan.months, policy=current_policy().rules
    )
    return row | {"total": amount_text(price.total, code), "ratio": price.ratio, "is_allowed": price.is_allowed}
