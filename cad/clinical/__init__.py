"""The clinical side: the vocabularies in which phenotypes are told."""
