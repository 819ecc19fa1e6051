"""The registry: what the warehouse holds, as small transactional tables on SQLite or PostgreSQL.

`tables` defines them, `engine` opens them, `migrate` brings their schema to this version; the other
modules hold the queries, one noun each. All of them take an open connection, and none commits by
itself.
"""
