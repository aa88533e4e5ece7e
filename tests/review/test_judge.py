"""An outside judge agrees: SDMetrics' quality report says of the same two tables what the review says."""

from __future__ import annotations

import warnings
from dataclasses import replace
from itertools import combinations
from statistics import fmean

import numpy as np
import pandas as pd
import pytest

from frostglass.released.synthetic import SyntheticRecords
from frostglass.review.fidelity import fidelity
from frostglass.sensitive.coding.coded_table import CodedTable
from tests.bundle.support import random_codes, weather
from tests.review.test_measures import released

ROWS = 300


def frame(codes: np.ndarray[tuple[int, ...], np.dtype[np.uint16]]) -> pd.DataFrame:
    """The values by name, missing as a value of its own."""
    attributes = weather().domain.attributes
    return pd.DataFrame({each.name: np.array(each.values)[codes[:, place]] for place, each in enumerate(attributes)})


def test_sdmetrics_agrees_on_single_columns_and_on_pairs() -> None:
    """Its scores are one minus the total variation distance, where both tables have as many records.

    Its report passes over pairs that are hardly associated, so its measure of pairs is asked for each of them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sdmetrics.column_pairs import ContingencySimilarity
        from sdmetrics.reports.single_table import QualityReport

        truth, records = (random_codes(weather(), 2 * ROWS, seed=seed)[:ROWS] for seed in (5, 6))
        true, synthetic = frame(truth), frame(records)
        report = QualityReport()
        columns = {each: {"sdtype": "categorical"} for each in true.columns}
        report.generate(true, synthetic, {"columns": columns}, verbose=False)
        shapes = report.get_properties().set_index("Property")["Score"]["Column Shapes"]
        pairs = [list(each) for each in combinations(true.columns, 2)]
        trends = [ContingencySimilarity.compute(true[each], synthetic[each]) for each in pairs]

    domain = weather().domain
    shown = replace(released(), records=SyntheticRecords(domain, records, ()))
    ours = fidelity(CodedTable.of(domain, truth), shown, ())
    assert shapes == pytest.approx(1 - ours.lengths[0].total_variation)
    assert fmean(trends) == pytest.approx(1 - ours.lengths[1].total_variation)
    assert min(trends) == pytest.approx(1 - ours.lengths[1].worst_total_variation)
    assert ours.lengths[1].total_variation > 0.02
