"""The command line never lets its memory be dumped."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROBE = """
import ctypes, resource, sys
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
from frostglass.desk import main
def look():
    print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3))
main.app = look
main.run()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux whether the process may be dumped")
def test_a_command_has_no_core_dump_and_may_not_be_looked_into() -> None:
    found = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert found.stdout == "(0, 0) 0\n"
