"""The read service: what the base says, over HTTP.

Layers, from the outside in: `api.host_check` and `api.problems` see every request and error,
`api.routers` turn a request into one call, `api.dependencies` hand them what the application made
once when it started (`api.app`); the answers themselves are those of `cad.query`.
"""
