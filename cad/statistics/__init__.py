"""Statistics of questions that join genotypes with phenotypes: arrays in, arrays out."""
