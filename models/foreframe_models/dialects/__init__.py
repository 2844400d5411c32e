"""How frames are written for a model, and read back from its tokens."""
