"""Takes the pictures of `docs/gallery.md` out of a report on drawn faces.

make run
.venv/bin/python docs/gallery.py data/sample/08_reporting/report.html
"""

import html
import re
import sys
from pathlib import Path
from typing import Final

CHOSEN: Final = {
    "headline_gaps": "Noise taken off. Grey: equal treatment",
    "gaps": "Gaps between groups on RAF-DB",
    "recalls": "Perceived race (labels by annotators) on RAF-DB: Recall of each emotion",
    "ranks": "Mean ranks of",
    "fronts": "Accuracy of every variant on FER+ against the accuracy of the worst group",
    "trade_off": "Accuracy and accuracy gap of every variant on FER+",
    "predicted_groups": "Each group of perceived race on FER+ against everybody else",
    "confusion": "Baseline on FER+: rows are majority labels",
    "training": "Loss and accuracy over epochs",
    "augmentation": "Demographic augmentation: ",
    "reliability": "Reliability of the labeller on faces shrunk to 48",
}
"""What files are called, and how captions of the pictures begin, or headings and captions."""

_PART: Final = re.compile(
    r"<h3>(.*?)</h3>|(<svg.*?</svg>)\s*</div>\s*<figcaption>(.*?)</figcaption>", re.DOTALL
)


def main(report: Path, folder: Path) -> None:
    """Write the chosen pictures into a folder, as SVG files of their own.

    Raises:
        SystemExit: The faces are not drawn ones, or a caption is not there.
    """
    page = report.read_text(encoding="utf-8")
    if "These faces are fabricated" not in page:
        sys.exit(f"{report} is not about drawn faces: nothing of real data enters the repository.")
    pictures, heading = {}, ""
    for title, svg, caption in _PART.findall(page):
        if svg:
            pictures[html.unescape(caption)] = pictures[html.unescape(f"{heading}: {caption}")] = (
                svg
            )
        heading = title or heading
    folder.mkdir(parents=True, exist_ok=True)
    for name, beginning in CHOSEN.items():
        found = [svg for caption, svg in pictures.items() if caption.startswith(beginning)]
        if not found:
            sys.exit(f"{report} has no picture whose caption begins with {beginning!r}.")
        named = found[0].replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
        (folder / f"{name}.svg").write_text(named, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
