"""Everything that predicts: control flow, dialects, engines and the world model."""
