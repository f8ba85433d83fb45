"""Brings the ledger's sessions up to date with the cloud: asks and waits, marks, shares and saves."""
