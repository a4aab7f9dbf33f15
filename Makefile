# To be run in a virtual environment of its own: it installs there.

.PHONY: check test lint bench

check: test lint  ## What CI runs

test:
	pip install '.[test]' && pytest

lint:
	pip install '.[dev]'
	ruff check
	ruff format --check
	mypy

bench:  ## Ours against the peers; PyTorch's too, where torch is installed
	pip install . && python benchmarks/bench.py --json benchmarks/results.json
