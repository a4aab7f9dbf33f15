"""A checkpoint directory and the run in it, without tensors."""
