"""Labelled images: MNIST, digits drawn from strokes, and people's labelled pictures."""
