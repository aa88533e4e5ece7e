"""Record and replay, and the seeded faults that it and the tests of claims find."""
