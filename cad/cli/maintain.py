"""`cad maintain`."""

from __future__ import annotations

from dataclasses import asdict

from rich.console import Console

from cad.build.folding import fold_base
from cad.cli.options import WarehouseOption
from cad.cli.progress import progress_bar
from cad.cli.reply import Reply
from cad.compact import compact
from cad.sweep import sweep
from cad.warehouse import Warehouse


def maintain(warehouse: WarehouseOption) -> Reply:
    """Gather small files into large ones, and delete what nobody needs.

    Bins of the base to which builds added are written anew, for those who read all of them.

    Example: cad maintain -w national
    """
    with Warehouse.open(warehouse) as opened:
        with progress_bar("compacting", is_bytes=False) as progress:
            compacted = compact(opened, progress)
        with progress_bar("folding", is_bytes=False) as progress:
            folded = fold_base(opened, progress)
        # What compaction replaced goes at once, unless somebody reads it.
        swept = sweep(opened)
    document = {"compact": asdict(compacted), "fold": asdict(folded), "sweep": asdict(swept)}

    def show(console: Console) -> None:
        console.print(
            f"Compacted: {compacted.samples:,} samples into {compacted.buckets:,} buckets, "
            f"{compacted.files_replaced:,} files into {compacted.files_written:,}."
        )
        console.print(
            f"Folded: {folded.bins:,} bins of the base, in place of "
            f"{folded.files_replaced:,} files."
        )
        console.print(
            f"Swept: {swept.files_deleted:,} files and {swept.folders_deleted:,} folders of dead "
            f"writers deleted, {swept.bytes_freed / 1e6:,.1f} MB freed; "
            f"{swept.sessions_aborted} writers and {swept.leases_ended} readers given up."
        )

    return Reply(document, show)
