"""Curves at rest: points as columns (`rows`), packed for the table (`packing`), seen from afar (`rollups`), and which
chunks a merge writes anew (`merging`). `ingest` merges, `catalog` reads; both settle repeats by the same rules. Needs
numpy, which is a tenth of a server's start: import it where the first curve is asked for.
"""
