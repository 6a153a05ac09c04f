"""What is seen: each page loads, draws and calls one function per action."""
