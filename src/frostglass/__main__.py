"""``python -m frostglass``, which is better said as ``frostglass`` or ``python -P -m frostglass``."""

import sys

if not sys.flags.safe_path:
    # Python would look in the working folder first, and import whatever a delivery in it calls polars.py
    del sys.path[0]

from frostglass.desk.main import run

if __name__ == "__main__":
    run()
