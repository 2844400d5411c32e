"""What a person sees of a prediction in a terminal."""
