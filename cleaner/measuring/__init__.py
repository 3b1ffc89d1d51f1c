"""Truth, peers, comparison, tables and curves: what evaluate.py and the benchmarks are made of."""
