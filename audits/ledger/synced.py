"""A folder as a power cut would leave it at the worst: of files what was synced, of names what their folder had synced.

Only ``os.fsync`` is watched. What a file or a folder holds when it is synced is what the disk is sure to hold from then
on, until it is synced again; all else is taken for lost. What was there before the watch began is taken for synced.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

Names = dict[str, tuple[int, bool]]
"""What a folder holds: the number of the inode behind each name, and whether it is a folder."""


@dataclass
class SyncedDisk:
    """What is sure of the files and folders below ``root``, by the number of their inode."""

    root: Path
    _files: dict[int, bytes] = field(default_factory=dict)
    _folders: dict[int, Names] = field(default_factory=dict)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Take what is there for sure, and every sync of this process within the block."""
        for path in (self.root, *self.root.rglob("*")):
            self._take(path)
        sync = os.fsync

        def synced(descriptor: int) -> None:
            sync(descriptor)
            self._take(Path(f"/proc/self/fd/{descriptor}").readlink())

        with patch.object(os, "fsync", synced):
            yield

    def leave(self, folder: Path) -> None:
        """Write below ``folder``, which must not exist, what a power cut would leave now."""
        folder.mkdir(mode=0o700)
        self._leave(self.root.stat().st_ino, folder)

    def _take(self, path: Path) -> None:
        number = path.stat().st_ino
        if path.is_dir():
            self._folders[number] = {each.name: (each.stat().st_ino, each.is_dir()) for each in path.iterdir()}
        else:
            self._files[number] = path.read_bytes()

    def _leave(self, number: int, folder: Path) -> None:
        for name, (inner, is_folder) in self._folders.get(number, {}).items():
            if is_folder:
                (folder / name).mkdir(mode=0o700)
                self._leave(inner, folder / name)
            else:
                (folder / name).write_bytes(self._files.get(inner, b""))
                (folder / name).chmod(0o600)
