"""What a piece of work costs. The standard library alone: the environments of the peers run this too."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Cost:
    """What was taken: wall and processor time in seconds, and the most memory that was held, in MB of 10**6 bytes."""

    seconds: float
    processor: float
    megabytes: float

    def as_json(self) -> dict[str, float]:
        return asdict(self)


def metered(work: Callable[[], Result]) -> tuple[Result, Cost]:
    """Do the work; its processor time counts all threads and finished children, its memory what came before too."""
    began, processor = time.perf_counter(), _processor_time()
    result = work()
    return result, Cost(time.perf_counter() - began, _processor_time() - processor, peak_memory())


def _processor_time() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def peak_memory() -> float:
    """Most memory of this process so far, in MB of 10**6 bytes.

    Linux hands getrusage's figure down from the parent, so the kernel's own high-water mark comes first.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
