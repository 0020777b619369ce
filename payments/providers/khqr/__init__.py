"""KHQR, the QR code of Cambodian banks and wallets, paid through Bakong (National Bank of Cambodia)."""
