"""Run the project as a package: `python -m fer_fairness --pipelines baseline`."""

import sys
from pathlib import Path

from fer_fairness.extras import MissingExtraError, require_extra


def main() -> None:
    """Run Kedro's `run` command for this package with the arguments of the command line."""
    try:
        require_extra("train", needed_for="Running pipelines")
    except MissingExtraError as error:
        sys.exit(f"Error: {error}, or audit a file of predictions with: fer-fairness audit FILE")
    from kedro.framework.cli.utils import find_run_command
    from kedro.framework.project import configure_project

    package_name = Path(__file__).parent.name
    configure_project(package_name)
    interactive = hasattr(sys, "ps1")
    find_run_command(package_name)(standalone_mode=not interactive)


if __name__ == "__main__":
    main()
