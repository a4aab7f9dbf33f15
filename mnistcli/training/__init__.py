"""Everything that uses TensorFlow, which no other package imports: models, training and exports."""
