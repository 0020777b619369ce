"""News of the catalogue for the floors above (sent after commit, robustly)."""

from django.dispatch import Signal

# Arguments: variant_ids (a sorted list). The number of available units of these variants has changed.
stock_changed = Signal()
