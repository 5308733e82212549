"""One module for each of the suite's, with its functions by name in `FUNCTIONS`."""
