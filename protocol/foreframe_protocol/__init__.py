"""What travels between Foreframe's parts: no I/O, no model, no debugger."""
