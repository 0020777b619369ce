"""The part of Stripe's API that the shop uses, as the `stripe` client of the pinned version sees it."""
