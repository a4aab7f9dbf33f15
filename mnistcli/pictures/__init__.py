"""From a picture's file to images [N, 28, 28] as MNIST has them; ``pipeline`` has the steps."""
