"""Known advisories against the pinned dependencies, and what could not be looked up.

make advisories

pip-audit is installed into a folder of its own, from the package index that pip is configured for.
It ends with "no known vulnerabilities" also where it could look up nothing; here that is a failure.
Exit code 0: all pins looked up, none affected; 1: advisories found; 2: not all could be looked up.
"""

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

PINS = Path(__file__).parent.parent / "requirements.txt"


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        found = _audited(Path(name))
    if found is None:
        return 2
    skipped = [entry for entry in found if "skip_reason" in entry]
    affected = [entry for entry in found if entry.get("vulns")]
    for entry in affected:
        for advisory in entry["vulns"]:
            mended = ", ".join(advisory.get("fix_versions") or ["no version yet"])
            print(f"{entry['name']} {entry['version']}: {advisory['id']}, mended in {mended}")
    print(f"{len(found) - len(skipped)} of {len(found)} pins looked up, {len(affected)} affected.")
    if skipped:
        print(f"NOT looked up: {', '.join(entry['name'] for entry in skipped)}.")
        print(f"For the first: {skipped[0]['skip_reason']}")
    print("Not looked at: libraries inside wheels (HDF5, OpenSSL, ...), Python, pip-audit itself.")
    return 1 if affected else 2 if skipped or not found else 0


def _audited(folder: Path) -> list[dict[str, Any]] | None:
    """What pip-audit says of each pin; None, with the reason printed, where it says nothing."""
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    venv.create(folder, with_pip=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "pip-audit"]
    audit = [str(python), "-m", "pip_audit", "--requirement", str(PINS), "--require-hashes"]
    audit += ["--disable-pip", "--format", "json", "--progress-spinner", "off"]
    for command in (install, audit):
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if command is install and done.returncode:
            _say_nothing("pip-audit cannot be installed (no network?)", done.stderr)
            return None
    try:
        return list(json.loads(done.stdout)["dependencies"])
    except (ValueError, KeyError, TypeError):
        _say_nothing("pip-audit gave no answer (no network, or no advisories)", done.stderr)
        return None


def _say_nothing(what: str, said: str) -> None:
    last = said.strip().splitlines()[-1:] or [""]
    print(f"NOTHING was looked up: {what}. {last[0][:300]}")


if __name__ == "__main__":
    sys.exit(main())
