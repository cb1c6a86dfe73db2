"""A conforming provider in one pure function, and its mutants: the negative controls of every check."""
