"""Generates the programs that the small model learns from."""
