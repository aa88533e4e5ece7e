"""Any order of steps, by any number of handles, with copies put back and reconciled, agrees with a plain model."""

from __future__ import annotations

from hypothesis import settings

from audits.ledger.machine import LedgerMachine

TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
