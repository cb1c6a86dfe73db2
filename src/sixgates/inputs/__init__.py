"""What people give to sixgates, checked before anything is done with it: URLs, keys and files."""
