"""The work that comes round by itself. Periods are in seconds."""

from typing import Any

# Every kind of work is a row that one of these sweeps finds again; a task is only a hint to look sooner.
SWEEPS: dict[str, dict[str, Any]] = {
    "deliver-letters": {"task": "notifications.deliver_due_emails", "schedule": 30.0},
    "rebuild-listings": {"task": "catalog.rebuild_dirty_listings", "schedule": 30.0},
    "render-photos": {"task": "catalog.render_waiting_photos", "schedule": 30.0},
    "discard-photos": {"task": "catalog.discard_removed_photos", "schedule": 3600.0},
    "notify-watchers": {"task": "catalog.notify_watchers", "schedule": 30.0},
    "expire-orders": {"task": "orders.expire_unpaid_orders", "schedule": 30.0},
    "settle-captures": {"task": "payments.settle_unclaimed_captures", "schedule": 30.0},
    "provider-events": {"task": "payments.process_waiting_events", "schedule": 30.0},
    "missed-events": {"task": "payments.fetch_missed_events", "schedule": 600.0},
    "compare-days": {"task": "payments.compare_missing_days", "schedule": 3600.0},
    "poll-payments": {"task": "payments.poll_payments", "schedule": 15.0},
    "poll-refunds": {"task": "payments.poll_refunds", "schedule": 30.0},
    "return-surpluses": {"task": "payments.return_surpluses", "schedule": 30.0},
    "rental-clock": {"task": "rentals.run_clock", "schedule": 600.0},
    "rental-charges": {"task": "rentals.resume_charges", "schedule": 30.0},
    "rental-refunds": {"task": "rentals.return_what_is_due", "schedule": 30.0},
    "forget-old-keys": {"task": "core.forget_old_idempotency_keys", "schedule": 3600.0},
    "forget-old-tallies": {"task": "core.forget_old_tallies", "schedule": 3600.0},
    "forget-old-watches": {"task": "catalog.forget_old_watches", "schedule": 3600.0},
    "expire-carts": {"task": "carts.forget_old_carts", "schedule": 3600.0},
    "expire-wishlists": {"task": "carts.forget_old_wishlists", "schedule": 3600.0},
}
