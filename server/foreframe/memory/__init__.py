"""Sessions kept on disk as they grow: one SQLite file a workspace, written by a thread."""
