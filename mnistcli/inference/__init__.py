"""From images to answers: an exported model run by LiteRT, and its probabilities read."""
