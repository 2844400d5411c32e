"""How well a model predicts execution."""
