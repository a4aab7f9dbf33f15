"""Digits drawn from pen strokes: glyphs, written by hands, drawn by pens."""
