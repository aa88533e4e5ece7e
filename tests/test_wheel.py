"""What a user installs: the wheel holds every piece of data, and works from a place that nobody can write to."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(out.glob("*.whl"))


def test_the_wheel_holds_codebooks_schemas_templates_and_the_typing_marker(wheel: Path) -> None:
    names = {name.removeprefix("frostglass/") for name in zipfile.ZipFile(wheel).namelist()}
    package = ROOT / "src" / "frostglass"
    data = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*")
        if path.is_file() and path.suffix in (".toml", ".json", ".html", ".md", ".css", ".typed")
    }
    assert len(data) >= 9
    assert data <= names


@pytest.mark.long
def test_the_installed_wheel_makes_a_release_from_a_read_only_place(wheel: Path, tmp_path: Path) -> None:
    """Installed without its dependencies next to those of this environment, then made read-only."""
    site, work = tmp_path / "site", tmp_path / "work"
    work.mkdir()
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run([*install, "--disable-pip-version-check"], check=True, capture_output=True)
    for path in (*site.rglob("*"), site):
        path.chmod(0o555 if path.is_dir() else 0o444)
    environment = {**os.environ, "PYTHONPATH": str(site), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    try:
        where = [sys.executable, "-c", "import frostglass; print(frostglass.__file__)"]
        found = subprocess.run(where, cwd=work, env=environment, check=True, capture_output=True, text=True)
        assert found.stdout.startswith(str(site))
        demo = [sys.executable, "-P", "-m", "frostglass", "demo", "--cases", "500", "-o", "demo"]
        done = subprocess.run(demo, cwd=work, env=environment, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "verifies" in done.stdout
    finally:
        for path in (site, *site.rglob("*")):
            path.chmod(0o755)
