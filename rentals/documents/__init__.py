"""Papers of an agreement: the contract that is signed, and the statement of its account."""
