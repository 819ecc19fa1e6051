"""Files for the world outside: a sites VCF (`cad.export.vcf`) and plain Parquet."""
