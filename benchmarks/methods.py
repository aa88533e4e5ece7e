"""What is compared: each method's runner, its environment and its settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.peers.task import Options


@dataclass(frozen=True)
class Method:
    """``environment`` is None for frostglass itself. ``most_seeds`` limits how often a slow method is run."""

    name: str
    title: str
    module: str
    environment: str | None = None
    options: Options = field(default_factory=dict)
    most_seeds: int | None = None

    def with_options(self, **options: str | int | float | bool) -> Method:
        return Method(
            self.name, self.title, self.module, self.environment, {**self.options, **options}, self.most_seeds
        )


FROSTGLASS = Method("frostglass", "frostglass, length 4", "benchmarks.one_release", options={"length": 4})
FROSTGLASS_3 = Method("frostglass-3", "frostglass, length 3", "benchmarks.one_release", options={"length": 3})


def _pac_synth(name: str, title: str, length: int, *, use_synthetic_counts: bool, most_seeds: int | None) -> Method:
    options = {"length": length, "use_synthetic_counts": use_synthetic_counts}
    return Method(name, title, "benchmarks.peers.pac_synth", "pac-synth", options, most_seeds)


PAC_SYNTH = _pac_synth("pac-synth", "pac-synth", 3, use_synthetic_counts=False, most_seeds=None)
PAC_SYNTH_BALANCED = _pac_synth(
    "pac-synth-synthetic-counts",
    "pac-synth, use_synthetic_counts",
    3,
    use_synthetic_counts=True,
    most_seeds=None,
)
PAC_SYNTH_4 = _pac_synth(
    "pac-synth-4", "pac-synth, use_synthetic_counts, length 4", 4, use_synthetic_counts=True, most_seeds=1
)


def _opendp(name: str, title: str, most_seeds: int | None = None, **options: str | int | float | bool) -> Method:
    return Method(name, title, "benchmarks.peers.opendp_mbi", "opendp", options, most_seeds)


# Records are drawn one by one: mbi 1.1 rounds, by default, in such a way that columns that hang on the same column rise
# together, which makes the records far worse than the model that they come from.
MST = _opendp("mst", "MST (OpenDP)", algorithm="MST", draw="sample")
MST_ROUNDED = _opendp("mst-rounded", "MST (OpenDP), records rounded", most_seeds=1, algorithm="MST")
AIM = _opendp(
    "aim", "AIM (OpenDP), 16 rounds", most_seeds=1, algorithm="AIM", queries=2, max_size=2.0, rounds=16, draw="sample"
)

METHODS = (FROSTGLASS, FROSTGLASS_3, PAC_SYNTH, PAC_SYNTH_BALANCED, PAC_SYNTH_4, MST, MST_ROUNDED, AIM)
