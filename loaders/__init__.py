"""Platforms' files to Arrow and Parquet."""
