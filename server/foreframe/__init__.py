"""What people and editors talk to: the command line, the debug adapter, sessions."""

__version__ = "0.1.0"
