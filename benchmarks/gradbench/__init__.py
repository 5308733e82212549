"""A program that takes part in the public GradBench suite: `python -m benchmarks.gradbench`."""
