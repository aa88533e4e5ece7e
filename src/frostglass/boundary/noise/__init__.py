"""The noise of the glass: one sampler for each accountant, and one that is scripted for tests."""
