"""The subcommands of `foreframe`, a file each. What they need is imported when they are called."""
