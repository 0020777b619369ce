"""A stand-in for Stripe and Bakong on loopback, for the demonstration shop and the tests. No real money moves here."""
