"""Programs, traces, tokens and the loop that makes the small model."""
