"""What is answered, a file for each noun."""
