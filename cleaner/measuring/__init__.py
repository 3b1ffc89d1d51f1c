"""Truth, peers, comparison, tables and curves for evaluate.py and the benchmarks; the check of a result."""
