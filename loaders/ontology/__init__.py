"""Ontologies as their releases write them (OBO, OBO graphs), read into terms."""
