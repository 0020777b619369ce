"""What tests of rent share."""

from payments.tests.paying import _sandbox_process, sandbox

__all__ = ["_sandbox_process", "sandbox"]
