"""Benchmarks: every figure beside a floor, or a smaller case, measured in the same run."""
