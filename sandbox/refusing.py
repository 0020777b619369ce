"""What the control API refuses."""


class BadControl(Exception):
    """A control call asks for something that does not exist or makes no sense; it is answered with 400."""


class Missing(Exception):
    """A control call or page names something the sandbox does not know (404)."""
