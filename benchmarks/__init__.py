"""Benchmarks: CAD against the tools a user would pick instead, on the same data in the same run.

``python -m benchmarks generate | run | compare``: `generate` simulates data, `run` measures both
sides of each task and writes JSON lines, `compare` prints the ratios and fails where two sides
count differently.
"""
