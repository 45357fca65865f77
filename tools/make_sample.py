"""Makes the embedded sample: the fictional town 見本町 in data/source, the same bytes every time.

    python -m tools.make_sample [--root data/source] [--only vectors|sheets]

Only the material is written; the declarations (*.toml) beside it are kept by hand. The sheets need Debian's
fonts-noto-cjk (OFL): its letters are drawn into pixels, no font file becomes part of the sample.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.sample.layers import write_vectors
from tools.sample.scan import write_sheets

DEFAULT_ROOT = Path(__file__).resolve().parent.parent / "data" / "source"


def main() -> None:
    """Reads the command line and writes the material."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=DEFAULT_ROOT)
    parser.add_argument("--only", choices=("vectors", "sheets"))
    chosen = parser.parse_args()
    if chosen.only != "sheets":
        write_vectors(chosen.root)
    if chosen.only != "vectors":
        write_sheets(chosen.root)


if __name__ == "__main__":
    main()
