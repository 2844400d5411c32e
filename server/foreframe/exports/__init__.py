"""Timelines written for others: JSON lines, CWM's trace text, Perfetto's trace JSON. Pure."""
