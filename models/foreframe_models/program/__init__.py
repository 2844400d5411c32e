"""What a program can do, read from its compiled code and its syntax tree; never executed."""
