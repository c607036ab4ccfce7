"""What starts the product on a developer's machine. Never shipped."""
