"""Numbers in messages."""


def count(number: int, units: str) -> str:
    """Return a number with its unit, which is given in the plural: 1 image, 2 images."""
    return f"{number} {units.removesuffix('s') if number == 1 else units}"
