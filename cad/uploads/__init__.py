"""Batches that platforms send up: kept (`store`), made whole (`assemble`), pushed (`push`).

<warehouse>/uploads/<platform>/<batch>/
  <upload>.json   which file of the batch it is, its length and its checksum
  <upload>.part   what has arrived of it; its length is the offset at which the next part begins

Folders bear hashes of names that others choose. Nothing here is read as a batch before all of it
has arrived with its checksums.
"""
