"""The demo's folder: what it may delete, and how a demo warehouse is told from a real one.

<folder>/
  cad-demo.json   says that the demo made the folder and may make it anew
  batches/        reference.fa and the batches of three nights
  warehouse/      the warehouse; its warehouse.json holds ``"demo": true``
  sites.vcf.gz    the care base as a sites VCF
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Final

from cad.warehouse import DESCRIPTION
from schemas.errors import Conflict

MARK: Final = "cad-demo.json"
FORMAT: Final = "cad-demo/1"
DEFAULT_FOLDER: Final = Path("demo-warehouse")


def prepare_folder(folder: Path) -> None:
    """Make the demo's folder, empty but for its mark; one that an earlier demo made is emptied.

    Raises:
        Conflict: `output_exists`, the folder holds something that no demo made.
    """
    if folder.exists() or folder.is_symlink():
        if not folder.is_dir() or (any(folder.iterdir()) and not _is_ours(folder)):
            raise Conflict(
                "output_exists", "expected no such folder, an empty one or a demo's", str(folder)
            )
        # The mark goes last: emptying that is cut short can be taken up again.
        for path in sorted(folder.iterdir(), key=lambda path: path.name == MARK):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text(json.dumps({"format": FORMAT}), encoding="utf-8")


def mark_demo(warehouse: Path) -> None:
    """Mark the warehouse in a directory as one whose persons are simulated."""
    file = warehouse / DESCRIPTION
    description = json.loads(file.read_text(encoding="utf-8"))
    partial = file.with_name(file.name + ".part")
    partial.write_text(json.dumps({**description, "demo": True}, indent=1), encoding="utf-8")
    partial.rename(file)


def is_demo(warehouse: Path) -> bool:
    """Whether the warehouse in a directory is a demo's: its persons are simulated.

    A directory without a readable warehouse.json is none.
    """
    return _read(warehouse / DESCRIPTION).get("demo") is True


def _is_ours(folder: Path) -> bool:
    return _read(folder / MARK).get("format") == FORMAT


def _read(file: Path) -> dict[str, object]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
