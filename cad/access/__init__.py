"""Who asks: API keys of clients (`clients`) and tokens of identity providers (`tokens`).

Both come to a `cad.gate.Caller`, the only thing that the gate, limits and the audit log know of.
"""
