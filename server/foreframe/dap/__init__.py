"""The Debug Adapter Protocol, translated to and from a session."""
