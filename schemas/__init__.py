"""What all layers agree on: words, table schemas, contigs, reasons and errors.

Imports nothing else of CAD.
"""
