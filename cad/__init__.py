"""The warehouse: registry, commits, base, queries, exports, command line."""
