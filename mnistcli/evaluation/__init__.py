"""How good answers are: scores, plots and a report."""
