"""Stripe: cards on its hosted payment page, and saved cards charged while their owner is away."""
