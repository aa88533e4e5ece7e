"""``python -m frostglass``."""

from frostglass.desk.main import run

if __name__ == "__main__":
    run()
