"""Platforms' files turned into Arrow and Parquet: batches, VCF, BED, references."""
