"""The defects of the mutants, one module per API area, beside the checks that must notice them."""
