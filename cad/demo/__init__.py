"""The simulated cohort behind ``cad demo``: people, genomes, batches, and their exact truth.

``simulate.simulate_cohort`` writes everything. It needs the extra ``demo`` (msprime).
"""
