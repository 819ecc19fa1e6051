"""Questions that join genotypes with phenotypes and with the conduct of the platforms.

Each is a function that answers with a plain document, made of what JSON knows.
"""
