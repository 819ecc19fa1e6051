"""Clinical documents to typed records, every value accounted for."""
