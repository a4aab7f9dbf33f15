# To be run in a virtual environment of its own: it installs there.

.PHONY: check test lint

check: test lint  ## What CI runs

test:
	pip install '.[test]' && pytest

lint:
	pip install '.[dev]'
	ruff check
	ruff format --check
	mypy
