"""Signals that would end the process, held back while what was paid for is not yet on disk, and obeyed then.

Proof: docs/proofs/ledger.md, "Durability". What no process can hold back (SIGKILL, a power cut) still costs a release
that it hits in that moment.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

HELD = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Ctrl-C, a polite kill, and a terminal that was closed. The first is restored last, because it raises."""


@contextmanager
def held_back() -> Iterator[None]:
    """Note these signals in the block, and let each that came do after it what it would have done at once.

    Only Python's main thread runs handlers, and only it may set them: in another thread nothing is done, and nothing
    need be. A signal that is ignored (nohup), or that belongs to code outside Python, is left alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: set[int] = set()

    def note(number: int, _frame: FrameType | None) -> None:
        came.add(number)

    def restore(number: int, before: signal._HANDLER) -> None:
        signal.signal(number, before)
        if number in came:
            signal.raise_signal(number)

    with ExitStack() as afterwards:
        for each in HELD:
            before = signal.getsignal(each)
            if before is not None and before != signal.SIG_IGN:
                afterwards.callback(restore, each, before)
                signal.signal(each, note)
        yield
