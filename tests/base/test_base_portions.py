"""A build reads and counts in portions: how large they are changes no figure."""

from pathlib import Path

import pytest

import cad.build.calls
import cad.build.depth
import cad.build.depth_table
import cad.build.held
import cad.build.rows
import loaders.lake_writer
from cad.build.run import build_base
from cad.push import push_batch
from cad.settings import Settings
from cad.warehouse import Warehouse
from tests.base.reading import assert_same_base, base_frame
from tests.twin.cohorts import Shape, random_batch_dirs


def test_portions_of_a_few_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shape = Shape(callabilities=("bed", "sites", "blocks"))
    cohort = random_batch_dirs(7, tmp_path / "batches", shape)
    with (
        Warehouse.create(tmp_path / "whole", "GRCh38", cohort.reference) as whole,
        Warehouse.create(
            tmp_path / "portions", "GRCh38", cohort.reference, settings=Settings(added_share=0)
        ) as portions,
    ):
        for directory in cohort.batches:
            push_batch(whole, directory)
        build_base(whole)
        monkeypatch.setattr(loaders.lake_writer, "_ROW_GROUP_ROWS", 3)
        monkeypatch.setattr(cad.build.rows, "_GROUPS_AT_ONCE", 2)
        monkeypatch.setattr(cad.build.calls, "_ROWS_AT_ONCE", 7)
        monkeypatch.setattr(cad.build.calls, "_COUNTS_AT_ONCE", 20)
        monkeypatch.setattr(cad.build.depth, "_ROWS_AT_ONCE", 7)
        monkeypatch.setattr(cad.build.held, "_WEIGHT", 500)
        monkeypatch.setattr(cad.build.depth_table, "_GROUP_CHANGES", 200)
        monkeypatch.setattr(cad.build.depth_table, "_LEAST_ROWS", 20)
        for directory in cohort.batches:
            push_batch(portions, directory)
            build_base(portions)
        assert_same_base(base_frame(portions), base_frame(whole))
