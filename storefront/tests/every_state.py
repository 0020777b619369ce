"""The whole list of states: each of the imported modules adds its own when it is loaded."""

from storefront.tests import choosing_states, page_states, paying_states, staff_states

__all__ = ["STATES", "choosing_states", "paying_states", "staff_states"]

STATES = page_states.STATES
