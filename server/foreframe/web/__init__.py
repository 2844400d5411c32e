"""The HTTP and WebSocket server: its API, its page, and what keeps both safe."""
