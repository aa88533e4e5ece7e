"""The audit programme: what the privacy proofs, the ledger and the readers are tried with (docs/trust.md)."""
