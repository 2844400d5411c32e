"""What runs a language model: token ids in, token ids and log-probabilities out."""
