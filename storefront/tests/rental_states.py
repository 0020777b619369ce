"""The pages about renting, in every state; they join the list of storefront.tests.page_states."""

from storefront.tests.visiting import Visit, plain, state


@state("renting")
def product_to_rent(visit: Visit) -> None:
    visit.goto(f"{visit.stage.full.get_absolute_url()}?offer={visit.stage.rented.variant.sku}&months=12")


@state("renting")
def cart_rented(visit: Visit) -> None:
    visit.fill_cart((visit.stage.part.variants.get(), 2), rented=[visit.stage.rented])
    visit.goto("/cart/")


@state("renting")
def checkout_rented_as_a_guest(visit: Visit) -> None:
    visit.fill_cart(rented=[visit.stage.rented])
    visit.goto("/checkout/")


@state("renting")
def checkout_rented(visit: Visit) -> None:
    visit.log_in(visit.stage.dara)
    visit.fill_cart((visit.stage.part.variants.get(), 1), user=visit.stage.dara, rented=[visit.stage.rented])
    visit.goto("/checkout/")


@state("renting")
def rental_to_sign(visit: Visit) -> None:
    visit.log_in(visit.stage.rentals["draft"].customer)
    visit.goto(f"/rentals/{visit.stage.rentals['draft'].code}/sign/")


@state("renting")
def rental_to_sign_errors(visit: Visit) -> None:
    rental_to_sign(visit)
    visit.press("Sign the agreement")
    visit.page.locator(".errors").wait_for()


for _name in ("running", "overdue"):
    for _page in ("", "statement/"):

        @state("renting", f"rental-{_name}{'-statement' if _page else ''}")
        def _rental(visit: Visit, name: str = _name, page: str = _page) -> None:
            visit.log_in(visit.stage.rentals[name].customer)
            visit.goto(f"/rentals/{visit.stage.rentals[name].code}/{page}")


for _who in ("running", "draft"):

    @state("renting", f"rentals-{_who}")
    def _rentals(visit: Visit, who: str = _who) -> None:
        visit.log_in(visit.stage.rentals[who].customer)
        visit.goto("/rentals/")


@state("renting")
def rentals_none(visit: Visit) -> None:
    visit.log_in(visit.stage.newcomer)
    visit.goto("/rentals/")


plain("renting", (("rent-to-own", "/rent-to-own/"),))


@state("staff")
def admin_rental_plans(visit: Visit) -> None:
    visit.log_in(visit.stage.staff)
    visit.goto(f"/admin/catalog/variant/{visit.stage.rented.variant_id}/rental-plans/")


@state("staff")
def admin_agreement(visit: Visit) -> None:
    visit.log_in(visit.stage.staff)
    visit.goto(f"/admin/rentals/agreement/{visit.stage.rentals['overdue'].pk}/change/")
