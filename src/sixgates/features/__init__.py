"""What of a request a server may refuse by itself, and by which words its errors name that."""
